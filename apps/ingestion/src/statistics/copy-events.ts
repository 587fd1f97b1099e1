import type { DataSource } from 'typeorm';
import type { StatisticEvent } from '#libs/contracts';
import { onDirectConnection } from '#libs/database';
import { DAY_MS } from '#libs/statistics';
import { encodeRows, ROW_COLUMNS } from './binary-rows.js';
import { groupByGuild, sortedOnce, type GuildGroup } from './guild-groups.js';
import { beginUnderRules, isWanted } from './guild-rules.js';
import { markBucketsSql } from './touched-buckets.js';
import type { WriteOutcome } from './write-outcome.js';

/**
 * Writes events by COPY, in one transaction and two round trips: what the guilds want is read under the shared locks
 * of their stripes, and what passes is copied straight into the table.
 *
 * @throws the database's error; a unique violation where any of the events is stored already
 */
export function copyEvents(dataSource: DataSource, events: readonly StatisticEvent[]): Promise<WriteOutcome> {
  return onDirectConnection(dataSource, async (connection) => {
    const groups = groupByGuild(events);
    const rules = await beginUnderRules(
      connection,
      groups.map(({ guildId }) => guildId),
      usersOf(events),
    );
    let wanted = 0;
    const kept: GuildGroup[] = [];
    for (const group of groups) {
      const ofGuild = rules.get(group.guildId);
      if (ofGuild === undefined) continue;
      const passing = group.events.filter((event) => isWanted(event, ofGuild));
      wanted += passing.length;
      if (passing.length > 0) kept.push({ guildId: group.guildId, events: sortedOnce(passing) });
    }
    const rows = inOrderOfPartitions(kept.flatMap((group) => group.events));
    if (rows.length === 0) {
      await connection.run('ROLLBACK');
    } else {
      await connection.runWithCopy(
        `COPY statistic_events (${ROW_COLUMNS}) FROM STDIN BINARY; ${markBucketsSql(kept)}; COMMIT`,
        encodeRows(rows),
      );
    }
    return { stored: rows.length, duplicate: wanted - rows.length, unwanted: events.length - wanted };
  });
}

function usersOf(events: readonly StatisticEvent[]): Set<string> {
  const users = new Set<string>();
  for (const { userId } of events) if (userId !== null) users.add(userId);
  return users;
}

/**
 * By day, as the partitions are, and within a day by key. COPY keeps rows back and writes them partition by
 * partition; only in this order two instances with the same events meet at the same one first, and cannot deadlock.
 */
function inOrderOfPartitions(sortedByKey: StatisticEvent[]): StatisticEvent[] {
  return sortedByKey.sort((a, b) => Math.floor(a.occurredAt / DAY_MS) - Math.floor(b.occurredAt / DAY_MS));
}
