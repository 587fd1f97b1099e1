import type { DataSource } from 'typeorm';
import type { StatisticEvent } from '#libs/contracts';
import { lockStripesShared, type Queries } from '#libs/database';
import { COUNT_WANTED, eventArrays, INSERT_EVENTS, type KindArrays } from './event-statements.js';
import { insertClaimedEvents } from './insert-claimed-events.js';
import { NOTHING_WRITTEN, type BatchOutcome, type WriteOutcome } from './write-outcome.js';

/** Writes events in one transaction and skips those that are stored already. @throws the database's error */
export function insertEvents(
  dataSource: DataSource,
  events: readonly StatisticEvent[],
  kinds: KindArrays,
): Promise<BatchOutcome> {
  return dataSource.transaction('READ COMMITTED', async (manager) => {
    await lockStripesShared(
      manager,
      events.map((event) => event.guildId),
    );
    const plain = events.filter(({ kind }) => !kind.isClaimed);
    const claimed = events.filter(({ kind }) => kind.isClaimed);
    return {
      plain: await insertPlainEvents(manager, plain, kinds),
      claimed: await insertClaimedEvents(manager, claimed, kinds),
    };
  });
}

async function insertPlainEvents(
  manager: Queries,
  events: readonly StatisticEvent[],
  kinds: KindArrays,
): Promise<WriteOutcome> {
  if (events.length === 0) return NOTHING_WRITTEN;
  const parameters = [...eventArrays(events), ...kinds];
  const stored = await count(manager, INSERT_EVENTS, parameters);
  if (stored === events.length) return { stored, duplicate: 0, unwanted: 0 };
  const wanted = await count(manager, COUNT_WANTED, parameters);
  return { stored, duplicate: wanted - stored, unwanted: events.length - wanted };
}

/** The `count` of a statement. */
async function count(manager: Queries, sql: string, parameters: unknown[]): Promise<number> {
  const [row] = await manager.query<{ count: string }[]>(sql, parameters);
  return Number(row?.count);
}
