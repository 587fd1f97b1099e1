import type { EntityManager } from 'typeorm';
import type { CompiledKind, Dimension } from '#libs/contracts';
import { QUARTER_MS } from '#libs/statistics';
import type { TimeWindow } from '../window/window.js';
import { coverByGroups, without } from './coverage.js';
import type { EventFilter } from './queries/events-in-stretches.js';
import { readRollupMarks } from './queries/read-rollup-marks.js';
import { findBusyQuarters, readTopGroups, type GroupRow } from './queries/top-groups.js';

export interface GroupsQuery {
  guildId: string;
  window: TimeWindow;
  dimension: Dimension;
  filter: EventFilter;
  top: number;
}

/**
 * The largest groups of one kind's events. Groups of days are read where they are as the events are, then those of
 * busy quarters, then events; call it in a transaction with one snapshot.
 */
export async function groupKind(manager: EntityManager, kind: CompiledKind, query: GroupsQuery): Promise<GroupRow[]> {
  const { guildId, window, dimension, filter } = query;
  const { number } = kind.definition;
  const readFrom = (days: readonly number[], quarters: readonly number[], stretches: readonly TimeWindow[]) =>
    readTopGroups(manager, {
      ...query,
      kind: number,
      days,
      quarters,
      stretches: stretches.map((stretch) => ({ kind: number, ...stretch })),
    });
  if (filter.userId !== undefined || filter.channelId !== undefined) return readFrom([], [], [window]);

  const marks = (await readRollupMarks(manager, guildId, [number], window)).get(number)!;
  const { days, quarters, rest } = coverByGroups(window, marks.quarters, marks.days);
  const busy = await findBusyQuarters(manager, { guildId, kind: number, dimension, quarters });
  return readFrom(
    days,
    busy,
    rest.flatMap((stretch) => without(stretch, busy, QUARTER_MS)),
  );
}
