import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Gives refreshes and creations the same lease columns as starboard tasks. */
export class OneLease1765470000000 implements MigrationInterface {
  readonly name = 'OneLease1765470000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE counter_panel_refreshes
        ADD COLUMN claim uuid,
        ADD COLUMN attempts integer NOT NULL DEFAULT 0,
        ADD COLUMN failing_since timestamptz(3)`);
    await runner.query(`
      ALTER TABLE counter_panel_creations
        ADD COLUMN claim uuid,
        ADD COLUMN claimed_until timestamptz(3)`);
    for (const table of ['starboard_tasks', 'counter_panel_refreshes', 'counter_panel_creations']) {
      await runner.query(`COMMENT ON COLUMN ${table}.claim IS 'whoever works on it'`);
      await runner.query(`
        COMMENT ON COLUMN ${table}.claimed_until IS
          'when another one may claim it, by the clock of the database'`);
      await runner.query(`
        COMMENT ON COLUMN ${table}.attempts IS
          'runs in a row that failed or did not come to their end, with the one that is under way'`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE counter_panel_creations DROP COLUMN claim, DROP COLUMN claimed_until`);
    await runner.query(`
      ALTER TABLE counter_panel_refreshes DROP COLUMN claim, DROP COLUMN attempts, DROP COLUMN failing_since`);
  }
}
