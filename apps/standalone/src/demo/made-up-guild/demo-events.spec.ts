import { CATALOGUE, parseSnowflake, readGuildEvent, snowflakeTime, StatisticsContract } from '#libs/contracts';
import { DemoEvents } from './demo-events.js';
import type { DemoEvent } from './demo-event.js';

const DAY_MS = 86_400_000;
/** A Monday. */
const MONDAY = Date.UTC(2026, 1, 2);
const contract = new StatisticsContract();

describe('DemoEvents', () => {
  const demo = new DemoEvents();
  const week = [...demo.between(MONDAY, MONDAY + 7 * DAY_MS)];

  it('has all kinds of the catalogue and snapshots, each as the service accepts it, in order of time', () => {
    expect(new Set(week.map(({ name }) => name))).toEqual(new Set([...Object.keys(CATALOGUE), 'guild.snapshot']));
    expect(week.filter((event) => !isAccepted(event))).toEqual([]);
    const times = week.map(({ occurredAt }) => occurredAt);
    expect(times.every((time, index) => index === 0 || time >= times[index - 1]!)).toBe(true);
    expect(new Set(week.map(({ eventId }) => eventId)).size).toBe(week.length);
  });

  it('has the same events however it is asked, and others for another seed', () => {
    const again = new DemoEvents();
    const parts = [0.3, 1.7, 2, 3].flatMap((to, index, all) => [
      ...again.between(MONDAY + (all[index - 1] ?? 0) * DAY_MS, MONDAY + to * DAY_MS),
    ]);
    expect(JSON.stringify(parts) === JSON.stringify(week.slice(0, parts.length))).toBe(true);
    expect(new DemoEvents({ seed: 'another' }).guildId).not.toBe(demo.guildId);
    expect(takeFirst(demo.between(MONDAY + DAY_MS / 2, Infinity))?.occurredAt).toBeLessThan(MONDAY + DAY_MS);
  });

  it('is a busy guild with a rhythm of day and week', () => {
    const messages = week.filter(({ name }) => name === 'message.sent');
    const perHour = messagesBy((date) => date.getUTCHours());
    const perWeekday = messagesBy((date) => date.getUTCDay());
    expect(messages.length / 7).toBeGreaterThan(3_000);
    expect(perHour.indexOf(Math.max(...perHour))).toBeGreaterThanOrEqual(18);
    expect(Math.max(...perHour)).toBeGreaterThan(6 * Math.min(...perHour));
    expect(Math.min(perWeekday[6]!, perWeekday[0]!)).toBeGreaterThan(Math.max(...perWeekday.slice(1, 5)));

    const distinct = (field: string) => new Set(messages.map(({ body }) => body[field])).size;
    expect(distinct('channel_id')).toBe(12);
    expect(distinct('user_id')).toBeGreaterThan(250);
    expect(distinct('user_id')).toBeLessThan(450);

    function messagesBy(part: (date: Date) => number): number[] {
      const counts: number[] = [];
      for (const { occurredAt } of messages) {
        const index = part(new Date(occurredAt));
        counts[index] = (counts[index] ?? 0) + 1;
      }
      return counts;
    }
  });

  it('has ids that Discord could have made', () => {
    const ids = [demo.guildId, ...week.slice(0, 500).flatMap(({ body }) => [body.user_id, body.channel_id])];
    for (const id of ids.filter((one) => one !== undefined)) {
      expect(parseSnowflake(id)).toBe(id);
      expect(snowflakeTime(id as string)).toBeGreaterThan(Date.UTC(2016, 0, 1));
      expect(snowflakeTime(id as string)).toBeLessThan(MONDAY);
    }
  });
});

/** Whether the service stores it under the id and time that it has here. */
function isAccepted({ name, eventId, occurredAt, body }: DemoEvent): boolean {
  if (name === 'guild.snapshot') {
    const snapshot = readGuildEvent(name, body as never);
    return snapshot.ok && snapshot.value.occurred_at === occurredAt;
  }
  const kind = contract.kind(name)!;
  const read = kind.read(body as never);
  if (!read.ok) return false;
  const identity = kind.identify(read.value, { arrivedAt: 0 });
  return identity.repeatable && identity.eventId === eventId && identity.occurredAt === occurredAt;
}

function takeFirst(events: Iterable<DemoEvent>): DemoEvent | undefined {
  for (const event of events) return event;
  return undefined;
}
