import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';
import { CATALOGUE, type StatisticKind } from '#libs/contracts';
import type { ApiClient } from '../harness/api-client.js';
import { expectedRecords, readRecords, timeOf, type ViewRecord } from '../harness/expected-records.js';
import { makeEvents, SnowflakeSource, toIntegers, type MadeUpEvent } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const ids = new SnowflakeSource(Date.now());
const KINDS = Object.entries(CATALOGUE) as [string, StatisticKind][];
const EVENTS = 10_000;

describe('events published to RabbitMQ and read over REST', () => {
  let system: TestSystem;
  let api: ApiClient;
  let publisher: Publisher;

  beforeAll(async () => {
    system = await TestSystem.create();
    await Promise.all([system.startIngestion(), system.startIngestion()]);
    ({ api } = await system.startQuery());
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await system.close();
  });

  it('should return 10,000 events of all kinds, each once and with every digit, however they are delivered', async () => {
    const guildId = ids.next(30 * 86_400_000);
    await api.openGuild(guildId);
    const events = makeEvents(EVENTS, guildId);

    await publishInEveryForm(events);
    await waitFor(async () => (await system.count('statistic_events WHERE guild_id = $1', [guildId])) >= EVENTS, {
      what: 'all events',
      timeoutMs: 40_000,
    });
    expect(await readRecords(api, guildId)).toEqual(expectedRecords(events));

    // Twice more, in other orders, through two instances.
    await publishInEveryForm(events.toReversed());
    await publishInEveryForm(shuffled(events));
    await system.untilHandled(3 * EVENTS);
    expect(await readRecords(api, guildId)).toEqual(expectedRecords(events));
    expect(await publisher.depth('serverstats.dead-letters')).toBe(0);
  });

  it('should count 300 members once, although two publishers with other clocks report each of them, twice', async () => {
    const guild_id = ids.next(30 * 86_400_000);
    await api.openGuild(guild_id);
    const now = Date.now();
    const members = Array.from({ length: 300 }, (_, index) => ({
      user_id: ids.next(400 * 86_400_000),
      joined_at: new Date(now - 86_400_000 - index * 1_000).toISOString(),
      message_id: ids.next(7_200_000),
      left_at: now - 3_600_000 - index * 1_000,
    }));
    /** @param skewMs of the publisher's clock */
    const publishTwice = async (kind: string, bodyOf: (member: (typeof members)[number], skewMs: number) => object) => {
      const handled = await system.eventsHandled();
      const skews = [0, -2_300, 0, 4_100];
      const bodies = skews.flatMap((skew) => members.map((member) => ({ guild_id, ...bodyOf(member, skew) })));
      const parts = Array.from({ length: 40 }, (_, part) => bodies.filter((_body, index) => index % 40 === part));
      await Promise.all(shuffled(parts).map((part) => publisher.publish(kind, part)));
      await system.untilHandled(handled + bodies.length);
    };
    const time = (at: number, skewMs: number) => new Date(at + skewMs).toISOString();
    await publishTwice('member.joined', ({ user_id, joined_at }) => ({ user_id, joined_at, invite_code: 'abc' }));
    await publishTwice('message.sent', ({ user_id, message_id }) => ({
      ...{ user_id, message_id, channel_id: '5', member_is_bot: false },
    }));
    // Only one of the publishers knows when the members had joined, and who wrote the messages.
    await publishTwice('member.left', ({ user_id, joined_at, left_at }, skewMs) => ({
      ...{ user_id, reason: 'pruned', occurred_at: time(left_at, skewMs), event_id: randomUUID() },
      ...(skewMs === 0 && { joined_at }),
    }));
    await publishTwice('message.deleted', ({ user_id, message_id, left_at }, skewMs) => ({
      ...{ message_id, channel_id: '5', occurred_at: time(left_at, skewMs) },
      ...(skewMs === 0 && { user_id }),
    }));

    const summaryOf = async (path: string, groupBy: string) =>
      (await api.get(`stats/${path}/summary`, { guild_id, group_by: groupBy })).data;
    expect(await summaryOf('members/joined', 'invite')).toMatchObject({ groups: [{ key: 'abc', count: 300 }] });
    expect(await summaryOf('members/left', 'reason')).toMatchObject({
      ...{ total: 300, stats: { count: 300 }, groups: [{ key: 'pruned', count: 300 }] },
    });
    expect(await summaryOf('messages/deleted', 'channel')).toMatchObject({
      ...{ total: 300, stats: { count: 300 }, groups: [{ key: '5', count: 300 }] },
    });
    const left = await api.walk<ViewRecord>('stats/members/left/view', { guild_id, limit: 400 });
    const stays = (records: readonly Record<string, unknown>[]) =>
      records.map(({ user_id, joined_at }) => `${String(user_id)} ${String(joined_at)}`).toSorted();
    expect(stays(left)).toEqual(stays(members));
    const deleted = await api.walk<ViewRecord>('stats/messages/deleted/view', { guild_id, limit: 400 });
    expect(new Set(deleted.map(({ user_id }) => user_id))).toEqual(new Set(members.map(({ user_id }) => user_id)));
    expect(deleted.filter(({ member_is_bot }) => member_is_bot !== false)).toEqual([]);
  });

  it('should return every older record exactly once to a client that pages while new events arrive', async () => {
    const guildId = ids.next(30 * 86_400_000);
    await api.openGuild(guildId);
    const older = makeEvents(1_300, guildId).filter((event) => event.kind === 'command.used');
    const sameTime = new Date(Date.now() - 3_600_000).toISOString();
    for (let n = 0; n < 50; n++) {
      older.push({
        kind: 'command.used',
        body: { guild_id: guildId, command: 'same time', event_id: randomUUID(), occurred_at: sameTime },
        record: {},
      });
    }
    await publisher.publish(
      'command.used',
      older.map((event) => event.body),
    );
    await waitFor(
      async () => (await system.count('statistic_events WHERE guild_id = $1', [guildId])) === older.length,
      { what: 'the older events' },
    );

    let walking = true;
    const publishing = (async () => {
      for (let n = 0; walking; n++) {
        const occurred_at = new Date(Date.now() - (n % 2) * 86_400_000).toISOString();
        await publisher.publish('command.used', {
          guild_id: guildId,
          command: 'new',
          event_id: randomUUID(),
          occurred_at,
        });
      }
    })();
    const walked = await api.walk<ViewRecord>('stats/command/view', { guild_id: guildId, limit: 7 });
    walking = false;
    await publishing;
    const seen = walked.map((record) => record.id);
    expect(new Set(seen).size).toBe(seen.length);
    const olderSeen = walked.filter((record) => record.command !== 'new').map((record) => record.id);
    expect(olderSeen.toSorted()).toEqual(older.map((event) => event.body.event_id as string).toSorted());
    const times = walked.map((record) => record.timestamp);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('should store an event accepted by POST under the id in the answer', async () => {
    const guildId = ids.next(30 * 86_400_000);
    await api.openGuild(guildId);
    for (const event of makeEvents(KINDS.length, guildId)) {
      const kind = (CATALOGUE as Record<string, StatisticKind>)[event.kind]!;
      const answer = await api.send<{ event_id: string; accepted: boolean }>(
        'POST',
        kind.recordPath,
        toIntegers(JSON.stringify(event.body)),
      );
      expect(answer).toMatchObject({ status: 202, data: { accepted: true } });
      const record = await waitFor(
        async () => (await api.get<ViewRecord[]>(kind.viewPath, { guild_id: guildId })).data[0],
        { what: `the record of ${event.kind}` },
      );
      expect(record).toMatchObject({ ...event.record, id: answer.data.event_id, ...timeOf(event) });
    }
  });

  it('should apply settings exactly: what is switched off or disabled between two events is not stored', async () => {
    const guild_id = ids.next(30 * 86_400_000);
    await api.openGuild(guild_id);
    const path = 'stats/command/check';
    const handled = await system.eventsHandled();
    const post = () => api.send<{ accepted: boolean; reason?: string }>('POST', path, { guild_id, command: 'x' });
    expect((await post()).status).toBe(202);
    await system.untilHandled(handled + 1);

    await api.send('PATCH', 'settings', {
      guild_id,
      stats_command_usage: false,
      stats_track_bot_messages: false,
    });
    expect(await post()).toMatchObject({ status: 200, data: { accepted: false, reason: 'statistic_disabled' } });
    const bot = { guild_id, channel_id: '7', message_id: ids.next(), member_is_bot: true };
    expect((await api.send('POST', 'stats/message/check', bot)).data).toEqual({
      accepted: false,
      reason: 'bot_message',
    });
    await publisher.publish('command.used', { guild_id, command: 'past the route' });
    await publisher.publish('message.sent', bot);
    await system.untilHandled(handled + 3);

    await api.send('PATCH', 'settings', { guild_id, stats_command_usage: true });
    await api.send('POST', 'disable', { guild_id });
    expect(await post()).toMatchObject({ status: 409, error: { code: 800, name: 'ModuleDisabledError' } });
    await publisher.publish('command.used', { guild_id, command: 'disabled' });
    await system.untilHandled(handled + 4);

    await api.send('POST', 'enable', { guild_id });
    await post();
    await system.untilHandled(handled + 5);
    expect(await system.count('statistic_events WHERE guild_id = $1', [guild_id])).toBe(2);
  });

  /** Publishes single events and arrays, ids as strings and as integers, compressed and not. */
  async function publishInEveryForm(events: readonly MadeUpEvent[]): Promise<void> {
    const sends: Promise<void>[] = [];
    const send = (kind: string, body: unknown, form: number) => {
      const json = JSON.stringify(body);
      const text = form % 2 === 0 ? json : toIntegers(json);
      const options: Options.Publish = form % 3 === 0 ? { contentEncoding: 'gzip' } : {};
      sends.push(publisher.publish(kind, options.contentEncoding ? gzipSync(text) : text, options));
    };
    for (const [kind] of KINDS) {
      const bodies = events.filter((event) => event.kind === kind).map((event) => event.body);
      for (let at = 0, form = 0; at < bodies.length; form++) {
        if (form % 4 === 0) {
          send(kind, bodies.slice(at, at + 37), form);
          at += 37;
        } else send(kind, bodies[at++], form);
      }
    }
    await Promise.all(sends);
  }
});

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item, index) => [(index * 7919) % items.length, item] as const)
    .toSorted((a, b) => a[0] - b[0])
    .map(([, item]) => item);
}
