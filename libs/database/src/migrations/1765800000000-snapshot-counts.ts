import type { MigrationInterface, QueryRunner } from 'typeorm';
import { lockStripesShared } from '../stripes.js';

/**
 * All counts of a snapshot in one column, so that a new one needs no migration. Counts by role have columns of their
 * own: they are large, and reading the others must not read them.
 *
 * Instances of the previous version may run at the same time. They read and write the columns `member_count`,
 * `online_member_count` and `server_boost_count`, so instances of this version still write these columns. `counts` is
 * null in rows of the previous version. A later migration fills them and drops the columns.
 *
 * The rows are updated guild by guild, each in a transaction of its own, so that nothing waits for long.
 */
export class SnapshotCounts1765800000000 implements MigrationInterface {
  readonly name = 'SnapshotCounts1765800000000';
  /** If it is interrupted, it runs again from the beginning. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE guild_snapshots
        ADD COLUMN IF NOT EXISTS counts jsonb,
        ADD COLUMN IF NOT EXISTS role_member_counts jsonb`);
    await runner.query(`
      COMMENT ON COLUMN guild_snapshots.counts IS
        'the counts that the snapshot has, by field of the event; null if version 0.1 stored the row'`);
    let guildId: string | undefined = '0';
    while ((guildId = await nextGuild(runner, guildId)) !== undefined) await fillCounts(runner, guildId);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE guild_snapshots DROP COLUMN counts, DROP COLUMN role_member_counts`);
  }
}

async function nextGuild(runner: QueryRunner, after: string): Promise<string | undefined> {
  const [row]: { guild_id: string }[] = await runner.query(
    `SELECT guild_id FROM guild_settings WHERE guild_id > $1 ORDER BY guild_id LIMIT 1`,
    [after],
  );
  return row?.guild_id;
}

async function fillCounts(runner: QueryRunner, guildId: string): Promise<void> {
  await runner.manager.transaction(async (manager) => {
    // An erasure of the guild deletes the same rows.
    await lockStripesShared(manager, [guildId]);
    await manager.query(
      `UPDATE guild_snapshots SET counts = jsonb_strip_nulls(jsonb_build_object(
         'member_count', member_count,
         'online_member_count', online_member_count,
         'server_boost_count', server_boost_count))
       WHERE guild_id = $1 AND counts IS NULL`,
      [guildId],
    );
  });
}
