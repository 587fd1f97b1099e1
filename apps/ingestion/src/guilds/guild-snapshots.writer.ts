import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { GuildEventFields } from '#libs/contracts';
import { lockStripesShared } from '#libs/database';

/** `guild.snapshot`: stores the newest snapshot of each 15-minute bucket. */
@Injectable()
export class GuildSnapshotsWriter {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns whether it was stored: the guild is enabled, and the bucket has no newer snapshot */
  store(snapshot: GuildEventFields<'guild.snapshot'>, occurredAt: Date): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      await lockStripesShared(manager, [snapshot.guild_id]);
      const rows = await manager.query<unknown[]>(
        `INSERT INTO guild_snapshots AS kept
           (guild_id, bucket, occurred_at, member_count, online_member_count, server_boost_count,
            online_role_member_counts)
         SELECT s.guild_id, date_bin('15 minutes', $2::timestamptz, 'epoch'), $2, $3, $4, $5, $6
         FROM guild_settings s
         WHERE s.guild_id = $1 AND s.enabled AND NOT EXISTS (
           SELECT FROM erasure_tombstones t WHERE t.guild_id = s.guild_id AND t.user_id = 0 AND t.before > $2)
         ON CONFLICT (guild_id, bucket) DO UPDATE SET
           occurred_at = excluded.occurred_at,
           member_count = excluded.member_count,
           online_member_count = excluded.online_member_count,
           server_boost_count = excluded.server_boost_count,
           online_role_member_counts = excluded.online_role_member_counts
         WHERE kept.occurred_at <= excluded.occurred_at
         RETURNING 1`,
        [
          snapshot.guild_id,
          occurredAt,
          snapshot.member_count ?? null,
          snapshot.online_member_count ?? null,
          snapshot.server_boost_count ?? null,
          snapshot.online_role_member_counts ?? null,
        ],
      );
      return rows.length > 0;
    });
  }
}
