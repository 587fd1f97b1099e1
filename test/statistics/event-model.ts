import { DIMENSIONS, groupingsOf, type CompiledKind, type StatisticEvent } from '#libs/contracts';
import { bucketStarts } from './local-clock.js';

export interface Selection {
  kind: CompiledKind;
  /** Unix milliseconds, half-open. */
  from: number;
  to: number;
  userId?: string;
  channelId?: string;
}

export interface SummaryOptions {
  interval: 'hour' | 'day';
  timeZone: string;
  groupBy?: string;
  top: number;
}

/** An in-memory model of what must be stored: a list that each query searches from end to end. */
export class EventModel {
  private readonly events = new Map<string, StatisticEvent & { erased: boolean }>();
  private readonly erasedUsers = new Set<string>();
  private erased = 0;

  /** Stores past events, except those of an erased member. */
  write(events: readonly StatisticEvent[]): void {
    for (const event of events) {
      if (event.userId !== null && this.erasedUsers.has(event.userId)) continue;
      const key = `${event.kind.name} ${event.occurredAt} ${event.eventId}`;
      const actorId = event.actorId !== null && this.erasedUsers.has(event.actorId) ? null : event.actorId;
      if (!this.events.has(key)) this.events.set(key, { ...event, actorId, erased: false });
    }
  }

  /** Gives erased events another id, so that an event of another user with the old id is a new event. */
  erase(userId: string): void {
    this.erasedUsers.add(userId);
    for (const [key, event] of [...this.events]) {
      if (event.actorId === userId) event.actorId = null;
      if (event.userId !== userId) continue;
      this.events.delete(key);
      this.events.set(`erased ${this.erased++}`, { ...event, userId: null, messageId: null, erased: true });
    }
  }

  select({ kind, from, to, userId, channelId }: Selection): (StatisticEvent & { erased: boolean })[] {
    return [...this.events.values()].filter(
      (event) =>
        event.kind.name === kind.name &&
        event.occurredAt >= from &&
        event.occurredAt < to &&
        (userId === undefined || event.userId === userId) &&
        (channelId === undefined || event.channelId === channelId),
    );
  }

  /** The records that a view must return for a selection, sorted by key. The ids of erased records are unknown. */
  records(selection: Selection): string[] {
    return this.select(selection)
      .map((event) =>
        recordKey({
          id: event.erased ? '' : event.eventId,
          timestamp: new Date(event.occurredAt).toISOString(),
          user: event.userId,
          actor: event.actorId,
          channel: event.channelId,
          message: event.messageId,
          label: event.label,
          delay: event.value === null ? null : event.value / 1000,
        }),
      )
      .toSorted();
  }

  summary(selection: Selection, { interval, timeZone, groupBy, top }: SummaryOptions) {
    const events = this.select(selection);
    const length = selection.to - selection.from;
    const starts = bucketStarts(selection.from, selection.to, interval, timeZone);
    const values = (of: readonly StatisticEvent[]) => of.map(({ value }) => value!).toSorted((a, b) => a - b);
    return {
      total: events.length,
      previousTotal: this.select({ ...selection, from: selection.from - length, to: selection.from }).length,
      values: values(events),
      series: starts.map((start, index) => {
        const end = starts[index + 1] ?? Infinity;
        const inside = events.filter(({ occurredAt }) => occurredAt >= start && occurredAt < end);
        return { bucket: new Date(start).toISOString(), count: inside.length, values: values(inside) };
      }),
      groups: groupBy === undefined ? [] : groupsOf(events, selection.kind, groupBy).slice(0, top),
    };
  }
}

export interface RecordParts {
  id: string;
  timestamp: string;
  user: string | null;
  actor: string | null;
  channel: string | null;
  message: string | null;
  label: string | null;
  delay: number | null;
}

export function recordKey({ timestamp, id, user, actor, channel, message, label, delay }: RecordParts): string {
  return JSON.stringify([timestamp, id, user, actor, channel, message, label, delay]);
}

function groupsOf(events: readonly StatisticEvent[], kind: CompiledKind, groupBy: string) {
  const { column } = DIMENSIONS[groupingsOf(kind.definition).get(groupBy)!];
  const counts = new Map<string | null, number>();
  for (const event of events) {
    const key = { user_id: event.userId, actor_id: event.actorId, channel_id: event.channelId, label: event.label }[
      column
    ];
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .map(([key, count]) => ({ key, count }))
    .toSorted((a, b) => b.count - a.count || compareKeys(a.key, b.key, column === 'label'));
}

/** Compares ids as numbers and texts by code points; null is last. */
function compareKeys(a: string | null, b: string | null, isText: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (!isText) return BigInt(a) < BigInt(b) ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
