import { GUILD_EVENTS } from './guild-events.js';

type SnapshotFields = (typeof GUILD_EVENTS)['guild.snapshot']['fields'];
type SnapshotFieldOf<Type> = {
  [F in keyof SnapshotFields]: SnapshotFields[F] extends { type: Type } ? F : never;
}[keyof SnapshotFields];

/** A field of `guild.snapshot` with one count. `guild_snapshots.counts` has the same key. */
export type SnapshotCountField = SnapshotFieldOf<'count'>;
/** A field of `guild.snapshot` with counts by role. `guild_snapshots` has a column of the same name. */
export type SnapshotRoleField = SnapshotFieldOf<'countsById'>;

export const SNAPSHOT_COUNT_FIELDS = snapshotFields<SnapshotCountField>('count');
export const SNAPSHOT_ROLE_FIELDS = snapshotFields<SnapshotRoleField>('countsById');

function snapshotFields<F extends keyof SnapshotFields>(type: 'count' | 'countsById'): readonly F[] {
  const { fields } = GUILD_EVENTS['guild.snapshot'];
  return (Object.keys(fields) as F[]).filter((field) => fields[field].type === type);
}
