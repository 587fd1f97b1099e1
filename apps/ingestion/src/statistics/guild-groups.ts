import type { StatisticEvent } from '#libs/contracts';

/** The events of one guild in a batch. */
export interface GuildGroup {
  guildId: string;
  events: StatisticEvent[];
}

/** Guilds are sorted by id. The events of a guild keep their order. */
export function groupByGuild(events: readonly StatisticEvent[]): GuildGroup[] {
  const groups = new Map<string, GuildGroup>();
  for (const event of events) {
    const group = groups.get(event.guildId);
    if (group === undefined) groups.set(event.guildId, { guildId: event.guildId, events: [event] });
    else group.events.push(event);
  }
  return [...groups.values()].sort((a, b) => compareIds(a.guildId, b.guildId));
}

/** Sorts the events of a guild by the rest of their key, and removes duplicates. */
export function sortAndDeduplicate(events: StatisticEvent[]): StatisticEvent[] {
  const sorted = events.sort(compareWithinGuild); // events arrive nearly sorted, so this takes linear time
  return sorted.filter((event, index) => index === 0 || compareWithinGuild(sorted[index - 1]!, event) !== 0);
}

function compareWithinGuild(a: StatisticEvent, b: StatisticEvent): number {
  return (
    a.kind.number - b.kind.number ||
    a.occurredAt - b.occurredAt ||
    (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0)
  );
}

/** As numbers. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
