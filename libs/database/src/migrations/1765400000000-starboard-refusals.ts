import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why Discord rejects the post about one message, as the settings show it. */
export class StarboardRefusals1765400000000 implements MigrationInterface {
  readonly name = 'StarboardRefusals1765400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_tasks ADD COLUMN refusal text`);
    await runner.query(`
      COMMENT ON COLUMN starboard_tasks.refusal IS
        'why Discord did not take the post about this very message, for people; null when it did, or was not asked yet'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_tasks DROP COLUMN refusal`);
  }
}
