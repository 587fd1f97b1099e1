import type { DataSource } from 'typeorm';
import type { StatisticEvent } from '#libs/contracts';
import { onDirectConnection } from '#libs/database';
import { DAY_MS } from '#libs/statistics';
import { encodeRows, ROW_COLUMNS } from './binary-rows.js';
import type { KindArrays } from './event-statements.js';
import { groupByGuild, sortAndDeduplicate, type GuildGroup } from './guild-groups.js';
import { beginWithRules, isWanted, withoutErasedActor } from './guild-rules.js';
import { insertClaimedEvents } from './insert-claimed-events.js';
import { markStaleSql } from './touched-buckets.js';
import { NOTHING_WRITTEN, type BatchOutcome } from './write-outcome.js';

/**
 * Writes events by COPY, in one transaction and two round trips: reads the rules of the guilds under the shared locks
 * of their stripes, then copies the wanted events into the table. Events of claimed kinds are then inserted.
 *
 * @throws the database's error; a unique violation if one of the copied events is stored already
 */
export function copyEvents(
  dataSource: DataSource,
  events: readonly StatisticEvent[],
  kinds: KindArrays,
): Promise<BatchOutcome> {
  return onDirectConnection(dataSource, async (connection) => {
    const isClaimed = events.some(({ kind }) => kind.isClaimed);
    const plain = isClaimed ? events.filter(({ kind }) => !kind.isClaimed) : events;
    const groups = groupByGuild(plain);
    const guildIds = isClaimed
      ? groupByGuild(events).map(({ guildId }) => guildId)
      : groups.map(({ guildId }) => guildId);
    const rules = await beginWithRules(connection, guildIds, usersOf(plain));
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
    if (rows.length > 0) {
      const sql = `COPY statistic_events (${ROW_COLUMNS}) FROM STDIN BINARY; ${markStaleSql(kept)}`;
      await connection.runWithCopy(isClaimed ? sql : `${sql}; COMMIT`, encodeRows(rows));
    }
    const claimed = isClaimed
      ? await insertClaimedEvents(
          connection,
          events.filter(({ kind }) => kind.isClaimed),
          kinds,
        )
      : NOTHING_WRITTEN;
    if (isClaimed) await connection.run('COMMIT');
    else if (rows.length === 0) await connection.run('ROLLBACK');
    return {
      plain: { stored: rows.length, duplicate: wanted - rows.length, unwanted: plain.length - wanted },
      claimed,
    };
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
