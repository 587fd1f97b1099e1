import type { EntityManager } from 'typeorm';
import type { CounterDefinition, CounterTypes } from '#libs/contracts';
import { Counter } from '#libs/database';

/** A counter whose type this version knows. */
export interface KnownCounter {
  counter: Counter;
  definition: CounterDefinition;
}

/**
 * The guild's counters whose type this version knows: first those of settings fields in the order of the settings, then
 * the others in the order in which their channels were created.
 */
export async function findCounters(
  manager: EntityManager,
  guildId: string,
  types: CounterTypes,
): Promise<KnownCounter[]> {
  const counters = await manager.getRepository(Counter).find({ where: { guildId }, order: { channelId: 'ASC' } });
  const known = counters.flatMap((counter) => {
    const definition = types.find(counter.type);
    return definition === undefined ? [] : [{ counter, definition }];
  });
  const sortKey = ({ counter }: KnownCounter) =>
    counter.source === 'setting' ? types.names.indexOf(counter.type) : types.names.length;
  return known.toSorted((a, b) => sortKey(a) - sortKey(b));
}

/** One counter for each channel: the first one, if several use the same channel. */
export function shownCounters(counters: readonly KnownCounter[]): KnownCounter[] {
  const seen = new Set<string>();
  return counters.filter(({ counter: { channelId } }) => !seen.has(channelId) && seen.add(channelId));
}

/** Switches the counter panel off if the channel was its category. @returns whether it was */
export function forgetCategory(
  settings: { counterPanelCategoryChannel: string | null; counterPanelEnabled: boolean },
  channelId: string,
): boolean {
  if (settings.counterPanelCategoryChannel !== channelId) return false;
  settings.counterPanelCategoryChannel = null;
  settings.counterPanelEnabled = false;
  return true;
}
