import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counters that the API makes: formats, goals, statistics. Instances of version 0.1 may run at the same time: they read
 * the view `counter_panels`, which does not have them.
 */
export class CountersOfAnyKind1765900000000 implements MigrationInterface {
  readonly name = 'CountersOfAnyKind1765900000000';
  /** Others lock the two tables in either order, so no transaction alters both. If it is interrupted, it runs again. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE counters
        DROP CONSTRAINT IF EXISTS counters_source_check,
        ADD CONSTRAINT counters_source_check CHECK (source IN ('setting', 'panel', 'counter')),
        ADD COLUMN IF NOT EXISTS format text,
        ADD COLUMN IF NOT EXISTS goal integer,
        ADD COLUMN IF NOT EXISTS statistic_kind text,
        ADD COLUMN IF NOT EXISTS statistic_days smallint,
        ADD COLUMN IF NOT EXISTS is_created boolean NOT NULL DEFAULT false`);
    await runner.query(`
      COMMENT ON COLUMN counters.is_created IS
        'whether the channel of a counter of the API was created for it; channels of panels always were'`);
    await runner.query(`ALTER TABLE counter_panel_channels ADD COLUMN IF NOT EXISTS shown_value bigint`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE counter_panel_channels DROP COLUMN shown_value`);
    await runner.query(`DELETE FROM counters WHERE source = 'counter'`);
    await runner.query(`
      ALTER TABLE counters
        DROP CONSTRAINT counters_source_check,
        ADD CONSTRAINT counters_source_check CHECK (source IN ('setting', 'panel')),
        DROP COLUMN format,
        DROP COLUMN goal,
        DROP COLUMN statistic_kind,
        DROP COLUMN statistic_days,
        DROP COLUMN is_created`);
  }
}
