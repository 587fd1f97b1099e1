import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why the channel of an unfinished creation could not be removed, and whether the removal was given up. */
export class UnremovableChannels1765450000000 implements MigrationInterface {
  readonly name = 'UnremovableChannels1765450000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE counter_panel_creations
        ADD COLUMN failing_since timestamptz(3), ADD COLUMN last_error text, ALTER COLUMN due_at DROP NOT NULL`);
    await runner.query(`
      COMMENT ON COLUMN counter_panel_creations.due_at IS 'when the channel is removed; null: that was given up'`);
    await runner.query(`
      COMMENT ON COLUMN counter_panel_creations.failing_since IS 'when it could not be removed for the first time'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM counter_panel_creations WHERE due_at IS NULL`);
    await runner.query(`
      ALTER TABLE counter_panel_creations
        DROP COLUMN failing_since, DROP COLUMN last_error, ALTER COLUMN due_at SET NOT NULL`);
  }
}
