import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The authors of replied-to messages that starboard posts name, so that an erasure finds them. */
export class ReplyAuthors1765300000000 implements MigrationInterface {
  readonly name = 'ReplyAuthors1765300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE starboard_entries ADD COLUMN reply_author_id bigint`);
    await runner.query(`
      COMMENT ON COLUMN starboard_entries.reply_author_id IS
        'whom the post names as the author of what the message answers; 0: nobody; null: not known'`);
    await runner.query(`
      CREATE INDEX starboard_entries_by_reply_author ON starboard_entries (guild_id, reply_author_id)`);
    await runner.query(`
      ALTER TABLE starboard_tasks DROP CONSTRAINT starboard_tasks_task_check,
        ADD CONSTRAINT starboard_tasks_task_check CHECK (task IN ('follow', 'remove', 'seek', 'unname'))`);
    await runner.query(`
      COMMENT ON COLUMN starboard_tasks.task IS
        'follow: bring the entry of this message of this channel up to date; remove: delete this post in this channel; seek: delete the post about this message in this channel, if there is one; unname: take the name of an erased member out of this post in this channel'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM starboard_tasks WHERE task = 'unname'`);
    await runner.query(`
      ALTER TABLE starboard_tasks DROP CONSTRAINT starboard_tasks_task_check,
        ADD CONSTRAINT starboard_tasks_task_check CHECK (task IN ('follow', 'remove', 'seek'))`);
    await runner.query(`ALTER TABLE starboard_entries DROP COLUMN reply_author_id`);
  }
}
