import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The author of a forwarded message; and a problem for a starboard that cannot read members' text. */
export class StarboardOrigins1765200000000 implements MigrationInterface {
  readonly name = 'StarboardOrigins1765200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_entries ADD COLUMN origin_author_id bigint`);
    await runner.query(`
      COMMENT ON COLUMN starboard_entries.origin_author_id IS
        'who wrote the message that the starred one forwards; null when it forwards none, or when that is not known'`);
    await runner.query(`
      CREATE INDEX starboard_entries_by_origin_author ON starboard_entries (guild_id, origin_author_id)
        WHERE origin_author_id IS NOT NULL`);
    await runner.query(`
      ALTER TABLE starboard_problems
        DROP CONSTRAINT starboard_problems_action_check,
        ADD CONSTRAINT starboard_problems_action_check
          CHECK (action IN ('view', 'read', 'change', 'post', 'content'))`);
    await runner.query(`
      CREATE UNIQUE INDEX starboard_problems_content ON starboard_problems (guild_id) WHERE action = 'content'`);
    await runner.query(`
      COMMENT ON COLUMN starboard_problems.action IS
        'what does not work in the channel: view: anything; read: reading its messages; change: editing and deleting posts; post: new posts; content: seeing what members write, which holds nothing back'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM starboard_problems WHERE action = 'content'`);
    await runner.query(`DROP INDEX starboard_problems_content`);
    await runner.query(`
      ALTER TABLE starboard_problems
        DROP CONSTRAINT starboard_problems_action_check,
        ADD CONSTRAINT starboard_problems_action_check CHECK (action IN ('view', 'read', 'change', 'post'))`);
    await runner.query(`
      COMMENT ON COLUMN starboard_problems.action IS
        'what does not work in the channel: view: anything; read: reading its messages; change: editing and deleting posts; post: new posts'`);
    await runner.query(`ALTER TABLE starboard_entries DROP COLUMN origin_author_id`);
  }
}
