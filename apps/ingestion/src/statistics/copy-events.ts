import type { DataSource } from 'typeorm';
import type { StatisticEvent } from '#libs/contracts';
import { onDirectConnection } from '#libs/database';
import { DAY_MS } from '#libs/statistics';
import { encodeRows, ROW_COLUMNS } from './binary-rows.js';
import { groupByGuild, sortAndDeduplicate, type GuildGroup } from './guild-groups.js';
import { beginWithRules, isWanted, withoutErasedActor } from './guild-rules.js';
import { markStaleSql } from './touched-buckets.js';
import type { WriteOutcome } from './write-outcome.js';

/**
 * Writes events by COPY, in one transaction and two round trips: reads the rules of the guilds under the shared locks
 * of their stripes, then copies the wanted events into the table.
 *
 * @throws the database's error; a unique violation if one of the events is stored already
 */
export function copyEvents(dataSource: DataSource, events: readonly StatisticEvent[]): Promise<WriteOutcome> {
  return onDirectConnection(dataSource, async (connection) => {
    const groups = groupByGuild(events);
    const rules = await beginWithRules(
      connection,
      groups.map(({ guildId }) => guildId),
      usersOf(events),
    );
    let wanted = 0;
    const kept: GuildGroup[] = [];
    for (const group of groups) {
      const guildRules = rules.get(group.guildId);
      if (guildRules === undefined) continue;
      const wantedEvents = group.events
        .filter((event) => isWanted(event, guildRules))
        .map((event) => withoutErasedActor(event, guildRules));
      wanted += wantedEvents.length;
      if (wantedEvents.length > 0) kept.push({ guildId: group.guildId, events: sortAndDeduplicate(wantedEvents) });
    }
    const rows = sortByPartition(kept.flatMap((group) => group.events));
    if (rows.length === 0) {
      await connection.run('ROLLBACK');
    } else {
      await connection.runWithCopy(
        `COPY statistic_events (${ROW_COLUMNS}) FROM STDIN BINARY; ${markStaleSql(kept)}; COMMIT`,
        encodeRows(rows),
      );
    }
    return { stored: rows.length, duplicate: wanted - rows.length, unwanted: events.length - wanted };
  });
}

function usersOf(events: readonly StatisticEvent[]): Set<string> {
  const users = new Set<string>();
  for (const { userId, actorId } of events) {
    if (userId !== null) users.add(userId);
    if (actorId !== null) users.add(actorId);
  }
  return users;
}

/**
 * Sorts by day, which is the partition, then by key. COPY buffers rows and writes them partition by partition. In any
 * other order, two instances with the same events could deadlock.
 */
function sortByPartition(sortedByKey: StatisticEvent[]): StatisticEvent[] {
  return sortedByKey.sort((a, b) => Math.floor(a.occurredAt / DAY_MS) - Math.floor(b.occurredAt / DAY_MS));
}
