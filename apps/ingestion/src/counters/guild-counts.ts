import type { CountSource } from '#libs/contracts';
import type { KnownCounter } from '#libs/counters';
import type { DiscordGuild } from '#libs/discord';
import { counterName } from './counter-names.js';

/** What a snapshot tells; a count that it lacks is null. */
export type SnapshotCounts = { readonly [F in NonNullable<CountSource['snapshot']>]?: number | null } & {
  readonly [F in NonNullable<CountSource['snapshotByRole']>]?: Readonly<Record<string, number>> | null;
};

export interface GuildSnapshot {
  occurredAt: Date;
  counts: SnapshotCounts;
}

/** What is known of a guild now. */
export interface GuildCounts {
  /** What the latest snapshot tells: nothing, when there is none or it is too old. */
  snapshot: SnapshotCounts;
  /** What Discord answered, if it was asked. */
  discord?: Pick<DiscordGuild, NonNullable<CountSource['discord']>>;
}

/** How long a snapshot counts: a publisher that has stopped must not decide for ever what the counters show. */
const SNAPSHOT_COUNTS_MS = 60 * 60_000;

export function countsOf(snapshot: GuildSnapshot | undefined, nowMs: number): GuildCounts {
  return { snapshot: snapshot === undefined || isTooOld(snapshot, nowMs) ? {} : snapshot.counts };
}

function isTooOld({ occurredAt }: GuildSnapshot, nowMs: number): boolean {
  return occurredAt.getTime() < nowMs - SNAPSHOT_COUNTS_MS;
}

/** Undefined for a count that nobody knows. */
export function countFor({ counter, definition }: KnownCounter, { snapshot, discord }: GuildCounts) {
  const { count } = definition;
  if (count.snapshotByRole) return snapshot[count.snapshotByRole]?.[counter.roleId ?? ''];
  const told = count.snapshot && snapshot[count.snapshot];
  return told ?? (count.discord && discord?.[count.discord]);
}

/** Whether Discord may know the count. */
export function mayAskDiscord({ definition }: KnownCounter): boolean {
  return definition.count.discord !== undefined;
}

/** What the channel should be called; undefined while the count is not known. */
export function nameOf(known: KnownCounter, counts: GuildCounts): string | undefined {
  const count = countFor(known, counts);
  return count === undefined ? undefined : counterName(labelOf(known), count);
}

function labelOf({ counter, definition }: KnownCounter): string {
  return counter.channelName ?? definition.label ?? counter.type;
}

/** Why it has no name, in one sentence for people. */
export function whyUnknown(known: KnownCounter, snapshot: GuildSnapshot | undefined, nowMs: number): string {
  if (mayAskDiscord(known)) return 'The count is not known yet';
  const told = known.definition.countDescription.replace('<role_id>', known.counter.roleId ?? '');
  if (snapshot === undefined) return `There is no guild.snapshot that tells ${told}`;
  if (!isTooOld(snapshot, nowMs)) return `The last guild.snapshot does not tell ${told}`;
  return `The last guild.snapshot is of ${snapshot.occurredAt.toISOString()}, which is too old to tell ${told}`;
}
