import {
  derivedEventId,
  DIMENSIONS,
  fieldIn,
  FLAG_BOT_UNKNOWN,
  FLAG_IS_BOT,
  groupingsOf,
  type CompiledKind,
  type StatisticEvent,
} from '#libs/contracts';
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

type ModelEvent = StatisticEvent & { claims: readonly string[]; erased: boolean };

/** An in-memory model of what must be stored: a list that each query searches from end to end. */
export class EventModel {
  private readonly events = new Map<string, ModelEvent>();
  private readonly claims = new Set<string>();
  private readonly erasedUsers = new Set<string>();
  private erased = 0;

  /** Stores past events, except those of an erased member. Claimed kinds come last, and are completed by all others. */
  write(events: readonly StatisticEvent[]): void {
    for (const event of events) if (!event.kind.isClaimed) this.store(event, []);
    const completed = events.filter(({ kind }) => kind.isClaimed).map((event) => this.complete(event));
    for (const event of completed) {
      const ids = this.idsOf(event).map((id) => `${event.kind.name} ${id}`);
      if (!ids.some((id) => this.claims.has(id))) this.store(event, ids);
    }
  }

  private store(event: StatisticEvent, claims: readonly string[]): void {
    if (event.userId !== null && this.erasedUsers.has(event.userId)) return;
    const key = `${event.kind.name} ${event.occurredAt} ${event.eventId}`;
    const actorId = event.actorId !== null && this.erasedUsers.has(event.actorId) ? null : event.actorId;
    if (this.events.has(key)) return;
    this.events.set(key, { ...event, actorId, claims, erased: false });
    for (const id of claims) this.claims.add(id);
  }

  /** Takes `joined_at` from the member's last join, and author and bot from the message. */
  private complete(event: StatisticEvent): StatisticEvent {
    const stored = [...this.events.values()];
    if (event.kind.name === 'member.left') {
      const joins = stored.filter(
        ({ kind, userId, occurredAt }) =>
          kind.name === 'member.joined' && userId === event.userId && occurredAt <= event.occurredAt,
      );
      if (event.value !== null || joins.length === 0) return event;
      const joinedAt = Math.max(...joins.map(({ occurredAt }) => occurredAt));
      return { ...event, value: (event.occurredAt - joinedAt) * 1000 };
    }
    const sent = stored.find(({ kind, messageId }) => kind.name === 'message.sent' && messageId === event.messageId);
    if (sent === undefined) return event;
    const isUnknown = (event.flags & FLAG_BOT_UNKNOWN) !== 0;
    return { ...event, userId: event.userId ?? sent.userId, flags: isUnknown ? sent.flags : event.flags };
  }

  private idsOf({ kind, userId, occurredAt, value, eventId }: StatisticEvent): string[] {
    if (kind.name !== 'member.left' || value === null) return [eventId];
    return [...new Set([eventId, derivedEventId(`${userId}:${occurredAt - value / 1000}:left`)])];
  }

  /** The claims of stored events, as kind and id. */
  get claimedIds(): string[] {
    return [...this.claims].toSorted();
  }

  /** Gives erased events another id, so that an event of another user with the old id is a new event. */
  erase(userId: string): void {
    this.erasedUsers.add(userId);
    for (const [key, event] of [...this.events]) {
      if (event.actorId === userId) event.actorId = null;
      if (event.userId !== userId) continue;
      this.events.delete(key);
      for (const id of event.claims) this.claims.delete(id);
      this.events.set(`erased ${this.erased++}`, { ...event, userId: null, messageId: null, claims: [], erased: true });
    }
  }

  select({ kind, from, to, userId, channelId }: Selection): ModelEvent[] {
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
          delay: fieldIn(event.kind.definition, 'value') && event.value !== null ? event.value / 1000 : null,
          since: sinceOf(event),
          isBot: fieldIn(event.kind.definition, 'is_bot') === undefined ? null : isBot(event),
        }),
      )
      .toSorted();
  }

  summary(selection: Selection, { interval, timeZone, groupBy, top }: SummaryOptions) {
    const events = this.select(selection);
    const length = selection.to - selection.from;
    const starts = bucketStarts(selection.from, selection.to, interval, timeZone);
    const values = (of: readonly StatisticEvent[]) => of.flatMap(({ value }) => value ?? []).toSorted((a, b) => a - b);
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
  since: string | null;
  isBot: boolean | null;
}

export function recordKey({
  timestamp,
  id,
  user,
  actor,
  channel,
  message,
  label,
  delay,
  since,
  isBot,
}: RecordParts): string {
  return JSON.stringify([timestamp, id, user, actor, channel, message, label, delay, since, isBot]);
}

/** Since when the event is measured, for kinds with a field for it. */
function sinceOf({ kind, occurredAt, value }: StatisticEvent): string | null {
  if (value === null || fieldIn(kind.definition, 'since') === undefined) return null;
  return new Date(occurredAt - value / 1000).toISOString();
}

function isBot({ flags }: StatisticEvent): boolean | null {
  return (flags & FLAG_BOT_UNKNOWN) !== 0 ? null : (flags & FLAG_IS_BOT) !== 0;
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
