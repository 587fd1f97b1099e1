import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema; see docs/storage.md. Every key begins with guild_id, one table partitioned by day holds the events
 * of all kinds, and switches are stored by name.
 */
export class InitialSchema1764000000000 implements MigrationInterface {
  readonly name = 'InitialSchema1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE guild_settings (
        guild_id bigint PRIMARY KEY,
        enabled boolean NOT NULL,
        enabled_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        switches text[] NOT NULL,
        counter_panel_enabled boolean NOT NULL,
        counter_panel_category_channel bigint,
        counter_panel_member_count_channel bigint,
        counter_panel_online_member_count_channel bigint,
        counter_panel_server_boost_number_channel bigint,
        starboard_enabled boolean NOT NULL,
        starboard_channel bigint,
        starboard_count integer
      )`);
    await runner.query(`
      CREATE TABLE counter_panels (
        guild_id bigint NOT NULL,
        channel_id bigint NOT NULL,
        channel_name text NOT NULL,
        role_id bigint NOT NULL,
        PRIMARY KEY (guild_id, channel_id)
      )`);
    await runner.query(`
      CREATE TABLE starboard_entries (
        guild_id bigint NOT NULL,
        message_id bigint NOT NULL,
        channel_id bigint NOT NULL,
        author_id bigint NOT NULL,
        PRIMARY KEY (guild_id, message_id)
      )`);
    await runner.query(`CREATE INDEX starboard_entries_by_author ON starboard_entries (guild_id, author_id)`);

    await runner.query(`
      CREATE TABLE statistic_events (
        guild_id bigint NOT NULL,
        occurred_at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        user_id bigint,
        channel_id bigint,
        message_id bigint,
        value bigint,
        kind smallint NOT NULL,
        flags smallint NOT NULL DEFAULT 0,
        label text,
        PRIMARY KEY (guild_id, kind, occurred_at, event_id)
      ) PARTITION BY RANGE (occurred_at)`);
    await runner.query(`COMMENT ON COLUMN statistic_events.value IS 'microseconds'`);
    await runner.query(`
      CREATE INDEX statistic_events_by_user ON statistic_events (guild_id, user_id, occurred_at)
        WHERE user_id IS NOT NULL`);
    await runner.query(`CREATE TABLE statistic_events_default PARTITION OF statistic_events DEFAULT`);

    await runner.query(`
      CREATE TABLE statistic_rollup_pending (
        guild_id bigint NOT NULL,
        kind smallint NOT NULL,
        bucket timestamptz NOT NULL,
        generation smallint NOT NULL DEFAULT 0,
        PRIMARY KEY (guild_id, kind, bucket, generation)
      )`);
    await runner.query(`
      COMMENT ON TABLE statistic_rollup_pending IS
        'quarters of an hour that got, lost or changed events since their rollup was computed'`);

    await runner.query(`
      CREATE TABLE erasure_tombstones (
        guild_id bigint NOT NULL,
        user_id bigint NOT NULL,
        before timestamptz NOT NULL,
        erased_at timestamptz NOT NULL,
        PRIMARY KEY (guild_id, user_id)
      )`);
    await runner.query(`
      COMMENT ON TABLE erasure_tombstones IS
        'events of the user (0: of the whole guild) that occurred before that time are not stored any more'`);

    await runner.query(`
      CREATE TABLE guild_snapshots (
        guild_id bigint NOT NULL,
        bucket timestamptz NOT NULL,
        occurred_at timestamptz NOT NULL,
        member_count integer,
        online_member_count integer,
        server_boost_count integer,
        online_role_member_counts jsonb,
        PRIMARY KEY (guild_id, bucket)
      ) PARTITION BY RANGE (bucket)`);
    await runner.query(`CREATE TABLE guild_snapshots_default PARTITION OF guild_snapshots DEFAULT`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE guild_snapshots, erasure_tombstones, statistic_rollup_pending, statistic_events,
        starboard_entries, counter_panels, guild_settings`);
  }
}
