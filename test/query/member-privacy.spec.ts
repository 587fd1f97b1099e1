import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataSource, lockStripe } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { download } from './download.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents } from './stored-events.js';

const [COMMAND, MESSAGE] = [1, 2];
const HOUR_MS = 3_600_000;
const NDJSON = 'application/x-ndjson; charset=utf-8';

interface GuildEntries {
  guild_id: string;
  total: number;
  starboard: number;
  statistics: Record<string, number>;
}
interface Entries {
  total: number;
  guilds: GuildEntries[];
}

describe('the privacy routes for a member in all guilds', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let directory: string;
  let log: string;
  let members = 0;
  let member: string;
  /** In order: commands, a message and a starboard entry; commands; a starred reply to the member; nothing. */
  let guilds: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'serverstats-'));
    log = join(directory, 'erasures');
    query = await startQueryInProcess(database.url, { ERASURE_LOG: log });
  });
  afterAll(async () => {
    await query.close();
    await database.release();
    await rm(directory, { recursive: true });
  });
  beforeEach(async () => {
    member = `1551491081836953${++members + 10}`;
    guilds = Array.from({ length: 4 }, newGuildId);
    for (const guild of guilds) await query.client.openGuild(guild);
    const [all, commands, , none] = guilds;
    await storeEvents(database, [
      ...[1, 2, 3].map((hours) => event(all!, COMMAND, hours)),
      { ...event(all!, MESSAGE, 4), channelId: '7', messageId: '8' },
      event(commands!, COMMAND, 5),
      { ...event(none!, COMMAND, 6), userId: '1' },
    ]);
    await addEntry(all!, member, '0');
    await addEntry(guilds[2]!, '2', member);
    await addEntry(none!, '2', '3');
  });

  const event = (guildId: string, kind: number, hoursAgo: number) => {
    const occurredAt = new Date(Date.now() - hoursAgo * HOUR_MS).toISOString();
    return {
      guildId,
      kind,
      occurredAt,
      eventId: randomUUID(),
      userId: member,
      label: kind === COMMAND ? 'x' : undefined,
    };
  };
  const addEntry = (guildId: string, author: string, replyAuthor: string) =>
    database.query(
      `INSERT INTO starboard_entries (guild_id, message_id, channel_id, author_id, state, entry_channel_id,
         entry_message_id, reserved_at, reply_author_id)
       VALUES ($1, 5, 6, $2, 'posted', 7, 8, now(), $3)`,
      [guildId, author, replyAuthor],
    );
  const counts = ({ guilds: of }: Entries) => of.map(({ guild_id, total, starboard }) => [guild_id, total, starboard]);
  const count = () => query.client.get<Entries>('privacy/get-user-entries', { privacy_member_id: member });
  const erase = () =>
    query.client.send<Entries>('DELETE', 'privacy/delete-user-entries', { privacy_member_id: member });
  const tombstones = async () =>
    (
      await database.query<{ guild_id: string }>(
        'SELECT guild_id FROM erasure_tombstones WHERE user_id = $1 ORDER BY guild_id',
        [member],
      )
    ).map(({ guild_id }) => guild_id);
  const exported = async (search = '') => {
    const url = `${query.url}/modules/serverstats/privacy/export?privacy_member_id=${member}${search}`;
    const answer = await download(url);
    const records = answer.body.split('\n').filter((line) => line !== '');
    return { ...answer, records: records.map((line) => JSON.parse(line) as Record<string, unknown>) };
  };

  it('should count the entries of the member in every guild that has any', async () => {
    const { status, data } = await count();
    expect(status).toBe(200);
    expect(data.total).toBe(6);
    expect(counts(data)).toEqual([
      [guilds[0], 5, 1],
      [guilds[1], 1, 0],
      [guilds[2], 0, 0],
    ]);
    expect(data.guilds[0]!.statistics).toMatchObject({ 'command.used': 3, 'message.sent': 1, 'tag.send_timed': 0 });
  });

  it('should erase the member in all guilds with one request, and log the erasures first', async () => {
    const { data: before } = await count();
    expect(await erase()).toMatchObject({ status: 200, data: before });
    expect((await count()).data).toEqual({ total: 0, guilds: [] });
    expect((await erase()).data).toEqual({ total: 0, guilds: [] });
    const erased = guilds.slice(0, 3);
    expect(await tombstones()).toEqual(erased);
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    const logged = lines.map((line) => JSON.parse(line) as Record<string, string>).filter((l) => l.user_id === member);
    expect(logged.map(({ guild_id }) => guild_id)).toEqual(erased);
    for (const line of logged) {
      expect(Object.keys(line)).toEqual(['erased_at', 'guild_id', 'user_id', 'before']);
      expect(Math.abs(Date.parse(line.before!) - Date.parse(line.erased_at!))).toBeLessThan(60_000);
    }
    const others = await database.query('SELECT FROM statistic_events WHERE guild_id = $1 AND user_id = 1', [
      guilds[3],
    ]);
    expect(others).toHaveLength(1);
  });

  it('should report an unfinished erasure only after all tombstones are written', async () => {
    const service = await startQueryInProcess(database.url, {}, { erasureTimeoutMs: 500 });
    const source = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'test' }).initialize();
    const holder = source.createQueryRunner();
    const eraseWithTimeout = () =>
      service.client.send('DELETE', 'privacy/delete-user-entries', { privacy_member_id: member });
    await holder.startTransaction();
    await lockStripe(holder.manager, guilds[2]!);
    expect(await eraseWithTimeout()).toMatchObject({
      status: 503,
      error: { message: expect.stringContaining('Nothing was changed') },
    });
    await holder.rollbackTransaction();
    expect(await tombstones()).toEqual([]);
    await holder.startTransaction();
    await holder.query('SELECT FROM statistic_events WHERE guild_id = $1 FOR UPDATE', [guilds[1]]);
    expect(await eraseWithTimeout()).toMatchObject({
      status: 503,
      error: { message: expect.stringContaining('continues in the background') },
    });
    expect(await tombstones()).toEqual(guilds.slice(0, 3));
    await holder.rollbackTransaction();
    const left = () => database.query('SELECT FROM erasures WHERE user_id = $1', [member]);
    await waitFor(async () => (await left()).length === 0, { what: 'the end of the erasure' });
    expect((await count()).data).toEqual({ total: 0, guilds: [] });
    await holder.release();
    await source.destroy();
    await service.close();
  });

  it('should export everything stored about the member, from all guilds or from one', async () => {
    await database.query(
      `INSERT INTO statistic_groups (guild_id, bucket, kind, dimension, span, facet, ids, counts)
       VALUES ($1, now() - interval '70 days', 1, 1, 1440, 0, $2, '{3,4}')`,
      [guilds[1], ['1', member]],
    );
    await database.query(`UPDATE event_horizon SET events_since = now() - interval '62 days'`);
    const { status, headers, isComplete, records } = await exported();
    await database.query(`UPDATE event_horizon SET events_since = 'epoch'`);
    expect([status, headers['content-type'], isComplete]).toEqual([200, NDJSON, true]);
    const exportedKinds = records.map(({ guild_id, record, kind }) => [
      guilds.indexOf(guild_id as string),
      record,
      kind,
    ]);
    expect(exportedKinds).toEqual([
      [0, 'event', 'message.sent'],
      ...[1, 2, 3].map(() => [0, 'event', 'command.used']),
      [0, 'starboard_entry', undefined],
      [1, 'event', 'command.used'],
      [1, 'count', 'command.used'],
      [2, 'starboard_entry', undefined],
    ]);
    const view = await query.client.get<object[]>('stats/command/view', { guild_id: guilds[1]!, user_id: member });
    expect(records[5]).toEqual({ record: 'event', kind: 'command.used', ...view.data[0] });
    expect(records[6]).toMatchObject({ count: 4, minutes: 1440 });
    expect(records[7]).toMatchObject({ message_id: '5', author_id: null, reply_author_id: member });

    const ofOne = await exported(`&guild_id=${guilds[1]}`);
    expect(ofOne.records.map(({ guild_id }) => guild_id)).toEqual([guilds[1]]);
  });

  it('should export every record once if there are many', async () => {
    await database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, user_id, label)
       SELECT $1, 1 + n % 2, now() - interval '1 hour' + (n / 3) * interval '1 millisecond', gen_random_uuid(), $2, 'x'
       FROM generate_series(1, 1700) n`,
      [guilds[3], member],
    );
    const { records } = await exported(`&guild_id=${guilds[3]}`);
    expect(new Set(records.map(({ id }) => id)).size).toBe(1_700);
    expect(records).toHaveLength(1_700);
  });

  it('should require the service key', async () => {
    const made = await query.client.request<{ key: string }>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ guild_id: guilds[0], name: 'a' }),
    });
    const statusOf = async (method: string, path: string) => {
      const headers = { authorization: `Bearer ${made.data.key}` };
      return (await fetch(`${query.url}/modules/serverstats/privacy/${path}`, { method, headers })).status;
    };
    for (const [method, path] of [
      ['GET', 'get-user-entries'],
      ['DELETE', 'delete-user-entries'],
      ['GET', 'export'],
    ] as const) {
      expect(await statusOf(method, `${path}?privacy_member_id=${member}`)).toBe(403);
      expect(await statusOf(method, `${path}?privacy_member_id=x`)).toBe(400);
    }
    expect(await tombstones()).toEqual([]);
  });

  it('should erase neither a member nor a guild if the erasure log cannot be written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'serverstats-'));
    const service = await startQueryInProcess(database.url, { ERASURE_LOG: join(folder, 'log') });
    // As if the disk of the log were gone.
    await rm(folder, { recursive: true });
    const erasures = [
      ['privacy/delete-user-entries', { privacy_member_id: member }],
      ['privacy/delete-user-entries', { privacy_member_id: member, guild_id: guilds[0] }],
      ['settings/delete', { guild_id: guilds[0] }],
    ] as const;
    for (const [path, body] of erasures) {
      expect(await service.client.send('DELETE', path, body)).toMatchObject({
        status: 503,
        error: { code: 803, message: expect.stringContaining('ERASURE_LOG') },
      });
    }
    expect([(await count()).data.total, await tombstones()]).toEqual([6, []]);
    await service.close();
  });
});
