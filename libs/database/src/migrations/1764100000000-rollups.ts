import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rollups of events; see docs/storage.md. Existing buckets are stale already, so the worker computes them. */
export class Rollups1764100000000 implements MigrationInterface {
  readonly name = 'Rollups1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE statistic_totals (
        guild_id bigint NOT NULL,
        bucket timestamptz NOT NULL,
        value_sum bigint,
        value_min bigint,
        value_max bigint,
        event_count integer NOT NULL,
        kind smallint NOT NULL,
        facet smallint NOT NULL,
        sketch_indexes smallint[],
        sketch_counts integer[],
        PRIMARY KEY (guild_id, kind, bucket, facet)
      ) PARTITION BY RANGE (bucket)`);
    await runner.query(`
      COMMENT ON TABLE statistic_totals IS
        'events by quarter of an hour; facet 1: of bots; values in microseconds, their distribution as a sketch'`);
    await runner.query(`CREATE TABLE statistic_totals_default PARTITION OF statistic_totals DEFAULT`);

    await runner.query(`
      CREATE TABLE statistic_groups (
        guild_id bigint NOT NULL,
        bucket timestamptz NOT NULL,
        kind smallint NOT NULL,
        dimension smallint NOT NULL,
        span smallint NOT NULL,
        facet smallint NOT NULL,
        ids bigint[],
        labels text[],
        counts integer[] NOT NULL,
        PRIMARY KEY (guild_id, kind, dimension, span, bucket, facet)
      ) PARTITION BY RANGE (bucket)`);
    await runner.query(`
      COMMENT ON TABLE statistic_groups IS
        'events by user (dimension 1), channel (2) or label (3), of a UTC day (span 1440 minutes) or a busy quarter (15): the n-th count is that of the n-th id or label'`);
    await runner.query(`CREATE TABLE statistic_groups_default PARTITION OF statistic_groups DEFAULT`);

    await runner.query(`
      CREATE TABLE event_horizon (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        events_since timestamptz NOT NULL
      )`);
    await runner.query(`INSERT INTO event_horizon (events_since) VALUES ('epoch')`);
    await runner.query(`COMMENT ON TABLE event_horizon IS 'no event since that moment was dropped by the retention'`);

    await runner.query(`ALTER TABLE statistic_rollup_pending ADD COLUMN span smallint NOT NULL DEFAULT 15`);
    await runner.query(`ALTER TABLE statistic_rollup_pending DROP CONSTRAINT statistic_rollup_pending_pkey`);
    await runner.query(`
      ALTER TABLE statistic_rollup_pending ADD PRIMARY KEY (guild_id, kind, bucket, span, generation)`);
    await runner.query(`
      COMMENT ON TABLE statistic_rollup_pending IS
        'what a rollup does not tell yet: quarters (span 15) that got or changed events, days (1440) whose quarters did'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE statistic_totals, statistic_groups, event_horizon`);
    await runner.query(`DELETE FROM statistic_rollup_pending WHERE span <> 15`);
    await runner.query(`ALTER TABLE statistic_rollup_pending DROP CONSTRAINT statistic_rollup_pending_pkey`);
    await runner.query(`ALTER TABLE statistic_rollup_pending DROP COLUMN span`);
    await runner.query(`ALTER TABLE statistic_rollup_pending ADD PRIMARY KEY (guild_id, kind, bucket, generation)`);
  }
}
