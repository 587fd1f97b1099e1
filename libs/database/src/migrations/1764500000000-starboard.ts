import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The state of the starboard's posts in Discord, the work list of the starboard, and its problems. */
export class Starboard1764500000000 implements MigrationInterface {
  readonly name = 'Starboard1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    // No post is known for existing entries, so their messages are not posted again.
    await runner.query(`
      ALTER TABLE starboard_entries
        ADD COLUMN state text NOT NULL DEFAULT 'withdrawn'
          CHECK (state IN ('reserved', 'posted', 'removing', 'withdrawn')),
        ADD COLUMN entry_channel_id bigint,
        ADD COLUMN entry_message_id bigint,
        ADD COLUMN star_count integer,
        ADD COLUMN reserved_at timestamptz(3),
        ADD COLUMN updated_at timestamptz(3),
        ADD CHECK (state = 'withdrawn' OR (entry_channel_id IS NOT NULL AND reserved_at IS NOT NULL)),
        ADD CHECK (state <> 'posted' OR entry_message_id IS NOT NULL)`);
    await runner.query(`
      COMMENT ON COLUMN starboard_entries.state IS
        'reserved: being posted, or the outcome is unknown; posted; removing: being deleted by us; withdrawn: somebody deleted the post, there will be no other'`);
    await runner.query(`
      CREATE TABLE starboard_tasks (
        guild_id bigint NOT NULL,
        message_id bigint NOT NULL,
        task text NOT NULL CHECK (task IN ('follow', 'remove', 'seek')),
        channel_id bigint NOT NULL,
        created_at timestamptz(3) NOT NULL,
        posted_after timestamptz(3),
        requests integer NOT NULL DEFAULT 1,
        due_at timestamptz(3),
        last_run_at timestamptz(3),
        claim uuid,
        claimed_until timestamptz(3),
        attempts integer NOT NULL DEFAULT 0,
        failing_since timestamptz(3),
        last_error text,
        PRIMARY KEY (guild_id, message_id, task),
        CHECK (task <> 'seek' OR posted_after IS NOT NULL)
      )`);
    await runner.query(`CREATE INDEX starboard_tasks_due ON starboard_tasks (due_at) WHERE due_at IS NOT NULL`);
    await runner.query(`
      COMMENT ON COLUMN starboard_tasks.task IS
        'follow: bring the entry of this message of this channel up to date; remove: delete this post in this channel; seek: delete the post about this message in this channel, if there is one'`);
    await runner.query(`
      CREATE TABLE starboard_problems (
        guild_id bigint NOT NULL,
        channel_id bigint NOT NULL,
        problem text NOT NULL,
        since timestamptz(3) NOT NULL,
        seen_at timestamptz(3) NOT NULL,
        retry_at timestamptz(3) NOT NULL,
        attempts integer NOT NULL,
        PRIMARY KEY (guild_id, channel_id)
      )`);
    await runner.query(`
      COMMENT ON TABLE starboard_problems IS
        'what keeps the starboard of a guild from working in a channel, for people; tried again at retry_at'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE starboard_problems, starboard_tasks`);
    await runner.query(`
      ALTER TABLE starboard_entries
        DROP COLUMN state, DROP COLUMN entry_channel_id, DROP COLUMN entry_message_id, DROP COLUMN star_count,
        DROP COLUMN reserved_at, DROP COLUMN updated_at`);
  }
}
