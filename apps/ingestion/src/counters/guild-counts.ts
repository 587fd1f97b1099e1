import { hasRole, type CountSource } from '#libs/contracts';
import { counterName, formatOf, numbersIn, showsRoleName, type KnownCounter, type ShownCounter } from '#libs/counters';
import type { DiscordGuild } from '#libs/discord';

/** The counts of a snapshot. A count that the snapshot lacks is null. */
export type SnapshotCounts = { readonly [F in NonNullable<CountSource['snapshot']>]?: number | null } & {
  readonly [F in NonNullable<CountSource['snapshotByRole']>]?: Readonly<Record<string, number>> | null;
};

export interface GuildSnapshot {
  occurredAt: Date;
  counts: SnapshotCounts;
}

/** What the counters of a guild show. */
export interface GuildFacts {
  /** The counts of the latest snapshot. Empty if there is none or it is too old. */
  snapshot: SnapshotCounts;
  /** By {@link statisticKey}. Lacks those that could not be counted. */
  statistics: ReadonlyMap<string, number>;
  /** Discord's counts, if they were requested. */
  discord?: Pick<DiscordGuild, NonNullable<CountSource['discord']>>;
  /** The names of the roles by id, if they were requested. */
  roles?: ReadonlyMap<string, string>;
}

/** The maximum age of a snapshot, so that counters do not show old counts after a publisher has stopped. */
const MAX_SNAPSHOT_AGE_MS = 60 * 60_000;

export function currentCounts(snapshot: GuildSnapshot | undefined, nowMs: number): SnapshotCounts {
  return snapshot === undefined || isTooOld(snapshot, nowMs) ? {} : snapshot.counts;
}

function isTooOld({ occurredAt }: GuildSnapshot, nowMs: number): boolean {
  return occurredAt.getTime() < nowMs - MAX_SNAPSHOT_AGE_MS;
}

/** Identifies a statistic of a counter. */
export function statisticKey({ statisticKind, statisticDays }: KnownCounter['counter']): string {
  return `${statisticKind} ${statisticDays}`;
}

/** What the channel should show. Undefined if something of it is unknown. */
export function shownBy(known: KnownCounter, facts: GuildFacts): ShownCounter | undefined {
  const { counter, definition } = known;
  const needed = neededCounts(known).map(([name, source]) => [name, countFor(known, source, facts)] as const);
  if (needed.some(([, count]) => typeof count !== 'number')) return undefined;
  if (lacksRoleName(known, facts) || isRoleDeleted(known, facts)) return undefined;
  const counts = Object.fromEntries(needed) as Record<string, number>;
  const roleName = facts.roles?.get(counter.roleId ?? '');
  const name = counterName(formatOf(counter, definition), { counts, goal: counter.goal, roleName });
  return { name, value: counts.value === undefined ? null : String(counts.value) };
}

/** The counts in the name. */
function neededCounts({ counter, definition }: KnownCounter): [string, CountSource][] {
  const shown = numbersIn(formatOf(counter, definition));
  return Object.entries(definition.counts).filter(([name]) => shown.includes(name));
}

/** Undefined or null if unknown. */
function countFor({ counter }: KnownCounter, source: CountSource, facts: GuildFacts): number | null | undefined {
  const { snapshot, discord, statistics } = facts;
  if (source.statistic) return statistics.get(statisticKey(counter));
  if (source.snapshotByRole) return snapshot[source.snapshotByRole]?.[counter.roleId ?? ''];
  const count = (source.snapshot && snapshot[source.snapshot]) ?? (source.discord && discord?.[source.discord]);
  if (source.minus === undefined) return count;
  const minus = snapshot[source.minus];
  return typeof count === 'number' && typeof minus === 'number' ? Math.max(0, count - minus) : undefined;
}

/** Whether a count is unknown that Discord reports. */
export function lacksDiscordCount(known: KnownCounter, facts: GuildFacts): boolean {
  return neededCounts(known).some(
    ([, source]) => source.discord !== undefined && typeof countFor(known, source, facts) !== 'number',
  );
}

/**
 * Whether the counter depends on the roles of the guild, which Discord knows. Counters of the settings show the count
 * of a deleted role as long as somebody reports it.
 */
export function needsRoles({ counter, definition }: KnownCounter): boolean {
  return counter.source === 'counter' && hasRole(definition);
}

/** Whether the name needs that of the role, which is not known. */
export function lacksRoleName({ counter, definition }: KnownCounter, { roles }: GuildFacts): boolean {
  return roles === undefined && showsRoleName(formatOf(counter, definition));
}

function isRoleDeleted(known: KnownCounter, { roles }: GuildFacts): boolean {
  return roles !== undefined && needsRoles(known) && !roles.has(known.counter.roleId ?? '');
}

/** Why the channel cannot show its counter, in one sentence for people. */
export function whyUnknown(
  known: KnownCounter,
  facts: GuildFacts,
  snapshot: GuildSnapshot | undefined,
  nowMs: number,
): string {
  const { counter, definition } = known;
  const { roleId } = counter;
  if (isRoleDeleted(known, facts)) return `The role ${roleId} does not exist (any more)`;
  if (lacksDiscordCount(known, facts)) return 'The count is not known yet';
  if (lacksRoleName(known, facts)) return 'The name of the role is not known yet';
  if (counter.statisticKind !== null) return `The statistic ${counter.statisticKind} could not be counted`;
  const what = definition.countDescription.replace('<role_id>', roleId ?? '');
  if (snapshot === undefined) return `There is no guild.snapshot that tells ${what}`;
  if (!isTooOld(snapshot, nowMs)) return `The last guild.snapshot does not tell ${what}`;
  return `The last guild.snapshot is of ${snapshot.occurredAt.toISOString()}, which is too old to tell ${what}`;
}
