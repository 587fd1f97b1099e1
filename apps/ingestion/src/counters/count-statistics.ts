import type { EntityManager } from 'typeorm';
import type { RetentionConfig } from '#libs/config';
import type { StatisticsContract } from '#libs/contracts';
import type { KnownCounter } from '#libs/counters';
import { describeError, type Logger } from '#libs/observability';
import { countRecentEvents } from '#libs/statistics';
import { statisticKey } from './guild-counts.js';

export interface CountStatisticsParts {
  manager: EntityManager;
  contract: StatisticsContract;
  retention: RetentionConfig;
  logger: Logger;
}

/**
 * Counts the statistics that counters of a guild show, each once. What cannot be counted is missing, so that the other
 * counters are shown.
 *
 * @returns the totals by {@link statisticKey}
 */
export async function countStatistics(
  { manager, contract, retention, logger }: CountStatisticsParts,
  guildId: string,
  counters: readonly KnownCounter[],
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>();
  const shown = counters.map(({ counter }) => counter).filter(({ statisticKind }) => statisticKind !== null);
  const numberOf = (kind: string | null) => contract.kind(kind ?? '')?.number;
  for (const days of new Set(shown.map(({ statisticDays }) => statisticDays!))) {
    const ofDays = shown.filter(({ statisticDays }) => statisticDays === days);
    const kinds = [...new Set(ofDays.flatMap(({ statisticKind }) => numberOf(statisticKind) ?? []))];
    if (kinds.length === 0) continue;
    try {
      const query = { guildId, kinds, now, days, retentionDays: retention.eventDays };
      const counts = await countRecentEvents(manager, query);
      for (const counter of ofDays) {
        const count = counts.get(numberOf(counter.statisticKind) ?? -1);
        if (count !== undefined) totals.set(statisticKey(counter), count);
      }
    } catch (error) {
      logger.warn({ guild_id: guildId, error: describeError(error) }, 'counting the statistics of counters failed');
    }
  }
  return totals;
}
