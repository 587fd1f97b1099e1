import type { MigrationInterface, QueryRunner } from 'typeorm';
import { lockStripesShared } from '../stripes.js';

/**
 * The counts of snapshots again, by field and UTC day, so that months can be read quickly.
 *
 * Instances of the previous version may run at the same time. The snapshots that they store are missing here. If they
 * erase a guild, its rows here stay until it is erased again.
 */
export class SnapshotDays1765810000000 implements MigrationInterface {
  readonly name = 'SnapshotDays1765810000000';
  /** If it is interrupted, it runs again from the beginning. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS guild_snapshot_days (
        guild_id bigint NOT NULL,
        field text NOT NULL,
        day timestamptz NOT NULL,
        low bytea NOT NULL,
        high bytea,
        PRIMARY KEY (guild_id, field, day)
      ) PARTITION BY RANGE (day)`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS guild_snapshot_days_default PARTITION OF guild_snapshot_days DEFAULT`);
    await runner.query(`
      COMMENT ON TABLE guild_snapshot_days IS
        'guild_snapshots.counts by field and UTC day: for each 15-minute bucket the count plus 1, or 0 without a count; low has 16 bits of each, high the upper 16 bits if any is not 0'`);
    let guildId: string | undefined = '0';
    while ((guildId = await nextGuild(runner, guildId)) !== undefined) await fillDays(runner, guildId);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE guild_snapshot_days`);
  }
}

async function nextGuild(runner: QueryRunner, after: string): Promise<string | undefined> {
  const [row]: { guild_id: string }[] = await runner.query(
    `SELECT guild_id FROM guild_settings WHERE guild_id > $1 ORDER BY guild_id LIMIT 1`,
    [after],
  );
  return row?.guild_id;
}

async function fillDays(runner: QueryRunner, guildId: string): Promise<void> {
  await runner.manager.transaction(async (manager) => {
    // An erasure of the guild deletes the same rows.
    await lockStripesShared(manager, [guildId]);
    await manager.query(
      `WITH kept AS MATERIALIZED (
         SELECT guild_id, bucket, key AS field, value::bigint AS count
         FROM guild_snapshots, jsonb_each_text(counts) WHERE guild_id = $1)
       INSERT INTO guild_snapshot_days (guild_id, field, day, low, high)
       SELECT d.guild_id, d.field, d.day,
         string_agg(substring(int8send(coalesce(k.count + 1, 0)) FROM 7), '' ORDER BY quarter),
         CASE WHEN max(k.count) > 65534
           THEN string_agg(substring(int8send(coalesce(k.count + 1, 0)) FROM 5 FOR 2), '' ORDER BY quarter) END
       FROM (SELECT DISTINCT guild_id, field, date_trunc('day', bucket, 'UTC') AS day FROM kept) d
       CROSS JOIN generate_series(0, 95) quarter
       LEFT JOIN kept k ON k.field = d.field AND k.bucket = d.day + quarter * interval '15 minutes'
       GROUP BY d.guild_id, d.field, d.day
       ON CONFLICT DO NOTHING`,
      [guildId],
    );
  });
}
