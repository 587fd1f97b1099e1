import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The action that a starboard problem blocks. Others continue, and the problem ends when the action works again. */
export class StarboardProblemActions1764800000000 implements MigrationInterface {
  readonly name = 'StarboardProblemActions1764800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE starboard_problems
        ADD COLUMN action text NOT NULL DEFAULT 'post' CHECK (action IN ('view', 'read', 'change', 'post'))`);
    await runner.query(`
      COMMENT ON COLUMN starboard_problems.action IS
        'what does not work in the channel: view: anything; read: reading its messages; change: editing and deleting posts; post: new posts'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_problems DROP COLUMN action`);
  }
}
