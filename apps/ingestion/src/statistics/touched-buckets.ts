import { BUCKET_MS } from '#libs/statistics';
import { integersInSql } from './array-literal.js';
import type { GuildGroup } from './guild-groups.js';

/**
 * The statement that makes the 15-minute buckets of these events stale. The guild comes from the settings, so that the
 * statement stays within one shard if the database is sharded by guild.
 *
 * @param groups sorted by guild, and their events by kind and time; all instances use this order, to prevent deadlocks
 */
export function markStaleSql(groups: readonly GuildGroup[]): string {
  const guilds: string[] = [];
  const kinds: number[] = [];
  const buckets: number[] = [];
  for (const { guildId, events } of groups) {
    let last = '';
    for (const { kind, occurredAt } of events) {
      const { number } = kind;
      const bucket = Math.floor(occurredAt / BUCKET_MS);
      const key = `${number} ${bucket}`;
      if (key === last) continue;
      last = key;
      guilds.push(guildId);
      kinds.push(number);
      buckets.push((bucket * BUCKET_MS) / 1000);
    }
  }
  return `
    INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
    SELECT s.guild_id, m.kind, to_timestamp(m.seconds)
    FROM unnest(${integersInSql(guilds)}::bigint[], ${integersInSql(kinds)}::smallint[], ${integersInSql(buckets)}::bigint[]) AS m(guild_id, kind, seconds)
    JOIN guild_settings s ON s.guild_id = m.guild_id
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING`;
}
