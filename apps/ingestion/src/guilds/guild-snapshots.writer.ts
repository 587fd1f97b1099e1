import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SNAPSHOT_COUNT_FIELDS, type GuildEventFields } from '#libs/contracts';
import { lockStripesShared } from '#libs/database';
import { storeInDays } from '#libs/statistics';

/** `guild.snapshot`: stores the newest snapshot of each 15-minute bucket. */
@Injectable()
export class GuildSnapshotsWriter {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns whether it was stored: the guild is enabled, and the bucket has no newer snapshot */
  store(snapshot: GuildEventFields<'guild.snapshot'>, occurredAt: Date): Promise<boolean> {
    const counts = countsOf(snapshot);
    return this.dataSource.transaction(async (manager) => {
      await lockStripesShared(manager, [snapshot.guild_id]);
      const rows = await manager.query<unknown[]>(
        `INSERT INTO guild_snapshots AS kept
           (guild_id, bucket, occurred_at, counts, role_member_counts, online_role_member_counts,
            member_count, online_member_count, server_boost_count)
         SELECT s.guild_id, date_bin('15 minutes', $2::timestamptz, 'epoch'), $2, $3, $4, $5, $6, $7, $8
         FROM guild_settings s
         WHERE s.guild_id = $1 AND s.enabled AND NOT EXISTS (
           SELECT FROM erasure_tombstones t WHERE t.guild_id = s.guild_id AND t.user_id = 0 AND t.before > $2)
         ON CONFLICT (guild_id, bucket) DO UPDATE SET
           occurred_at = excluded.occurred_at,
           counts = excluded.counts,
           role_member_counts = excluded.role_member_counts,
           online_role_member_counts = excluded.online_role_member_counts,
           member_count = excluded.member_count,
           online_member_count = excluded.online_member_count,
           server_boost_count = excluded.server_boost_count
         WHERE kept.occurred_at <= excluded.occurred_at
         RETURNING 1`,
        [
          snapshot.guild_id,
          occurredAt,
          counts,
          snapshot.role_member_counts ?? null,
          snapshot.online_role_member_counts ?? null,
          // Only instances of the version before read these columns.
          snapshot.member_count ?? null,
          snapshot.online_member_count ?? null,
          snapshot.server_boost_count ?? null,
        ],
      );
      if (rows.length === 0) return false;
      await storeInDays(manager, snapshot.guild_id, occurredAt, counts);
      return true;
    });
  }
}

/** The counts that the snapshot has, by field. */
function countsOf(snapshot: GuildEventFields<'guild.snapshot'>): Record<string, number> {
  return Object.fromEntries(
    SNAPSHOT_COUNT_FIELDS.flatMap((field) => {
      const count = snapshot[field];
      return count === undefined ? [] : [[field, count]];
    }),
  );
}
