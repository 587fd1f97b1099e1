import type { CountSource } from '#libs/contracts';
import type { KnownCounter } from '#libs/counters';
import type { DiscordGuild } from '#libs/discord';
import { counterName } from './counter-names.js';

/** The counts of a snapshot. A count that the snapshot lacks is null. */
export type SnapshotCounts = { readonly [F in NonNullable<CountSource['snapshot']>]?: number | null } & {
  readonly [F in NonNullable<CountSource['snapshotByRole']>]?: Readonly<Record<string, number>> | null;
};

export interface GuildSnapshot {
  occurredAt: Date;
  counts: SnapshotCounts;
}

/** The current counts of a guild. */
export interface GuildCounts {
  /** The counts of the latest snapshot. Empty if there is none or it is too old. */
  snapshot: SnapshotCounts;
  /** Discord's counts, if they were requested. */
  discord?: Pick<DiscordGuild, NonNullable<CountSource['discord']>>;
}

/** The maximum age of a snapshot, so that counters do not show old counts after a publisher has stopped. */
const MAX_SNAPSHOT_AGE_MS = 60 * 60_000;

export function countsOf(snapshot: GuildSnapshot | undefined, nowMs: number): GuildCounts {
  return { snapshot: snapshot === undefined || isTooOld(snapshot, nowMs) ? {} : snapshot.counts };
}

function isTooOld({ occurredAt }: GuildSnapshot, nowMs: number): boolean {
  return occurredAt.getTime() < nowMs - MAX_SNAPSHOT_AGE_MS;
}

/** The count that a counter shows. Undefined or null if unknown. */
export function countFor({ counter, definition }: KnownCounter, { snapshot, discord }: GuildCounts) {
  const { count } = definition;
  if (count.snapshotByRole) return snapshot[count.snapshotByRole]?.[counter.roleId ?? ''];
  const fromSnapshot = count.snapshot && snapshot[count.snapshot];
  return fromSnapshot ?? (count.discord && discord?.[count.discord]);
}

/** Whether the count can be requested from Discord. */
export function mayAskDiscord({ definition }: KnownCounter): boolean {
  return definition.count.discord !== undefined;
}

/** The name that the channel should have. Undefined if the count is unknown. */
export function nameOf(known: KnownCounter, counts: GuildCounts): string | undefined {
  const count = countFor(known, counts);
  return count === undefined ? undefined : counterName(labelOf(known), count);
}

function labelOf({ counter, definition }: KnownCounter): string {
  return counter.channelName ?? definition.label ?? counter.type;
}

/** Why the count is unknown, in one sentence for people. */
export function whyUnknown(known: KnownCounter, snapshot: GuildSnapshot | undefined, nowMs: number): string {
  if (mayAskDiscord(known)) return 'The count is not known yet';
  const what = known.definition.countDescription.replace('<role_id>', known.counter.roleId ?? '');
  if (snapshot === undefined) return `There is no guild.snapshot that tells ${what}`;
  if (!isTooOld(snapshot, nowMs)) return `The last guild.snapshot does not tell ${what}`;
  return `The last guild.snapshot is of ${snapshot.occurredAt.toISOString()}, which is too old to tell ${what}`;
}
