import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The state of counter panels in Discord, and their work lists; see docs/counter-panels.md. */
export class CounterPanels1764600000000 implements MigrationInterface {
  readonly name = 'CounterPanels1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE counter_panel_refreshes (
        guild_id bigint PRIMARY KEY,
        due_at timestamptz(3) NOT NULL,
        claimed_until timestamptz(3)
      )`);
    await runner.query(`CREATE INDEX counter_panel_refreshes_by_time ON counter_panel_refreshes (due_at)`);
    await runner.query(`
      COMMENT ON TABLE counter_panel_refreshes IS 'when the counters of a guild are refreshed next, and who is at it'`);

    await runner.query(`
      CREATE TABLE counter_panel_channels (
        guild_id bigint NOT NULL,
        channel_id bigint NOT NULL,
        shown_name text,
        shown_at timestamptz(3),
        last_renamed_at timestamptz(3),
        previously_renamed_at timestamptz(3),
        limited_until timestamptz(3),
        paused_until timestamptz(3),
        attempts integer NOT NULL DEFAULT 0,
        last_error text,
        PRIMARY KEY (guild_id, channel_id)
      )`);
    await runner.query(`
      COMMENT ON TABLE counter_panel_channels IS
        'what a counter shows, and why it does not show more: the last two renames, Discord''s limit, the pause after failures'`);

    await runner.query(`
      CREATE TABLE counter_panel_creations (
        guild_id bigint NOT NULL,
        id uuid NOT NULL,
        category_id bigint NOT NULL,
        channel_name text NOT NULL,
        channel_id bigint,
        begun_at timestamptz(3) NOT NULL,
        due_at timestamptz(3) NOT NULL,
        is_abandoned boolean NOT NULL DEFAULT false,
        attempts integer NOT NULL DEFAULT 0,
        PRIMARY KEY (guild_id, id)
      )`);
    await runner.query(`CREATE INDEX counter_panel_creations_by_time ON counter_panel_creations (due_at)`);
    await runner.query(`
      COMMENT ON TABLE counter_panel_creations IS
        'channels that a request is creating; what is still here when it is due belongs to nobody and is removed'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE counter_panel_creations, counter_panel_channels, counter_panel_refreshes`);
  }
}
