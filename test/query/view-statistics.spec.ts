import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents, type StoredEvent } from './stored-events.js';

const DAY_MS = 86_400_000;
const COMMAND = 1;
const MESSAGE = 2;
const TEMPCHANNEL_CREATION = 9;

interface EventRecord {
  id: string;
  timestamp: string;
  [field: string]: unknown;
}

describe('viewing statistics', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const openGuild = async () => {
    const guildId = newGuildId();
    await query.client.send('POST', 'enable', { guild_id: guildId });
    return guildId;
  };
  const view = (path: string, fields: Record<string, string | number>) =>
    query.client.get<EventRecord[]>(`stats/${path}/view`, fields);
  const event = (guildId: string, msAgo: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
    guildId,
    kind: COMMAND,
    occurredAt: new Date(Date.now() - msAgo).toISOString(),
    eventId: randomUUID(),
    label: 'ping',
    ...more,
  });

  it('returns records with the fields of their kind, newest first', async () => {
    const guildId = await openGuild();
    const [old, recent] = [event(guildId, 2000, { userId: '9223372036854775807' }), event(guildId, 1000)];
    await storeEvents(database, [old, recent, event(await openGuild(), 1000), event(guildId, 1000, { kind: 3 })]);
    const answer = await view('command', { guild_id: guildId });
    expect(answer).toMatchObject({ status: 200, page: { next_cursor: null } });
    expect(answer.data).toEqual([
      { id: recent.eventId, guild_id: guildId, timestamp: recent.occurredAt, user_id: null, command: 'ping' },
      {
        id: old.eventId,
        guild_id: guildId,
        timestamp: old.occurredAt,
        user_id: '9223372036854775807',
        command: 'ping',
      },
    ]);
  });

  it('returns delays in milliseconds, and the user of a temp channel under both names', async () => {
    const guildId = await openGuild();
    const stored = event(guildId, 1000, { kind: TEMPCHANNEL_CREATION, userId: '8', label: undefined, value: 12_346 });
    await storeEvents(database, [stored]);
    const { data } = await view('modules/tempchannels/creation-time', { guild_id: guildId });
    expect(data[0]).toMatchObject({ user_id: '8', initial_creator_id: '8', creation_time_delay: 12.346 });
  });

  it('returns null for erased ids', async () => {
    const guildId = await openGuild();
    const message = { kind: MESSAGE, label: undefined, userId: '8', channelId: '5', messageId: '6', flags: 1 };
    await storeEvents(database, [event(guildId, 1000, message)]);
    await query.client.send('DELETE', 'privacy/delete-user-entries', { guild_id: guildId, privacy_member_id: 8 });
    const { data } = await view('message', { guild_id: guildId });
    expect(data).toMatchObject([{ user_id: null, message_id: null, channel_id: '5', member_is_bot: true }]);
  });

  it('filters by user and channel', async () => {
    const guildId = await openGuild();
    const of = (userId: string, channelId: string) =>
      event(guildId, 1000, { kind: MESSAGE, label: undefined, userId, channelId, messageId: '6' });
    await storeEvents(database, [of('1', '5'), of('1', '6'), of('2', '5')]);
    const count = async (filters: Record<string, string>) =>
      (await view('message', { guild_id: guildId, ...filters })).data.length;
    expect(await count({ user_id: '1' })).toBe(2);
    expect(await count({ channel_id: '5' })).toBe(2);
    expect(await count({ user_id: '1', channel_id: '5' })).toBe(1);
    expect(await count({ user_id: '3' })).toBe(0);
  });

  it.each([
    ['command', 'channel_id'],
    ['modules/tags/send-time', 'user_id'],
    ['modules/tempchannels/created', 'channel_id'],
  ])('rejects a filter that %s does not have: %s', async (path, filter) => {
    const answer = await view(path, { guild_id: await openGuild(), [filter]: '4' });
    expect(answer).toMatchObject({ status: 400, error: { fields: [{ field: filter }] } });
  });

  it('treats the window as half-open, exact to the millisecond', async () => {
    const guildId = await openGuild();
    const [from, to] = [Date.now() - 2 * DAY_MS, Date.now() - DAY_MS];
    const at = (time: number) => event(guildId, 0, { occurredAt: new Date(time).toISOString() });
    await storeEvents(database, [at(from - 1), at(from), at(to - 1), at(to)]);
    const times = async (window: Record<string, string | number>) =>
      (await view('command', { guild_id: guildId, ...window })).data.map(({ timestamp }) => Date.parse(timestamp));
    expect(await times({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })).toEqual([to - 1, from]);
    expect(
      await times({
        from: new Date(from + 3_600_000).toISOString().replace('Z', '+01:00'),
        to: new Date(to).toISOString(),
      }),
    ).toEqual([to - 1, from]);
  });

  it('returns the requested last days, 30 by default', async () => {
    const guildId = await openGuild();
    await storeEvents(
      database,
      [0.5, 1.5, 29.5, 30.5, 61].map((days) => event(guildId, days * DAY_MS)),
    );
    const count = async (window: Record<string, string | number>) =>
      (await view('command', { guild_id: guildId, ...window })).data.length;
    expect(await count({})).toBe(3);
    expect(await count({ days: 1 })).toBe(1);
    expect(await count({ days: 2 })).toBe(2);
    expect(await count({ from: daysAgo(61.5), to: daysAgo(30.6) })).toBe(1);
  });

  it.each([
    ['days', { days: 1, from: '2026-01-01T00:00:00Z' }],
    ['days', { days: 1, to: '2026-01-01T00:00:00Z' }],
    ['to', { to: '2026-01-01T00:00:00Z' }],
    ['from', { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
    ['from', { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00.001Z' }],
    ['from', { from: '2126-01-01T00:00:00Z' }],
    ['from', { from: '1795487803169' }],
  ])('names %s for the window %j', async (field, window) => {
    const answer = await view('command', { guild_id: await openGuild(), ...(window as Record<string, string>) });
    expect(answer).toMatchObject({ status: 400, error: { fields: [{ field }] } });
  });

  it('pages through every record exactly once while new ones arrive', async () => {
    const guildId = await openGuild();
    // Many of the same instant, and some that differ by less than a millisecond.
    const occurredAt = (i: number) => {
      const time = new Date(Date.now() - DAY_MS - Math.floor(i / 7) * 1000).toISOString();
      return time.replace('Z', `${String(i % 3).padStart(3, '0')}Z`);
    };
    const older = Array.from({ length: 100 }, (_, i) => event(guildId, 0, { occurredAt: occurredAt(i) }));
    await storeEvents(database, older);
    const walked: string[] = [];
    const cursors: string[] = [];
    for (let cursor: string | null | undefined = ''; typeof cursor === 'string';) {
      const { data, page } = await view('command', { guild_id: guildId, limit: 9, ...(cursor && { cursor }) });
      walked.push(...data.map(({ id }) => id));
      cursor = page?.next_cursor;
      if (cursor) cursors.push(cursor);
      await storeEvents(database, [event(guildId, 0)]);
    }
    expect(walked).toHaveLength(100);
    expect(new Set(walked)).toEqual(new Set(older.map(({ eventId }) => eventId)));
    expect(cursors).toHaveLength(11);
  });

  it('returns no cursor after a last page that is full', async () => {
    const guildId = await openGuild();
    await storeEvents(database, [event(guildId, 1000), event(guildId, 2000)]);
    expect((await view('command', { guild_id: guildId, limit: 2 })).page).toEqual({ next_cursor: null });
    expect((await view('command', { guild_id: guildId, limit: 1 })).page?.next_cursor).toEqual(expect.any(String));
  });

  it('rejects a cursor of other records', async () => {
    const guildId = await openGuild();
    await storeEvents(database, [event(guildId, 1000), event(guildId, 2000)]);
    const cursor = (await view('command', { guild_id: guildId, limit: 1 })).page!.next_cursor!;
    const others: Record<string, string>[] = [{ guild_id: await openGuild() }, { guild_id: guildId, user_id: '4' }];
    for (const other of others) {
      const answer = await view('command', { ...other, cursor });
      expect(answer).toMatchObject({ status: 400, error: { fields: [{ field: 'cursor' }] } });
    }
  });

  it('returns no records from before the retention', async () => {
    const short = await startQueryInProcess(database.url, { RETENTION_DAYS: '3' });
    try {
      const guildId = await openGuild();
      await storeEvents(database, [event(guildId, 2.9 * DAY_MS), event(guildId, 3.1 * DAY_MS)]);
      expect((await short.client.get<unknown[]>('stats/command/view', { guild_id: guildId })).data).toHaveLength(1);
    } finally {
      await short.close();
    }
  });
});

function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString();
}
