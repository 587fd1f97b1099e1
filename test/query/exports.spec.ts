import { randomUUID } from 'node:crypto';
import { CATALOGUE, fieldIn, filtersOf, hasUser, type BuiltInKind } from '#libs/contracts';
import { PAGE_SIZE } from '../../apps/query/src/statistics/export/event-pages.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { readCsv } from './csv-reader.js';
import { download } from './download.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents, type StoredEvent } from './stored-events.js';

const MODULE = '/modules/serverstats';
const DAY_MS = 86_400_000;
const KINDS = Object.entries(CATALOGUE) as [string, BuiltInKind][];
const COMMAND_VIEW = CATALOGUE['command.used'].viewPath;
const MESSAGE_VIEW = CATALOGUE['message.sent'].viewPath;
const CONTENT_TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

type Fields = Record<string, string | number>;
type EventRecord = Record<string, unknown> & { id: string };

describe('exports', () => {
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
  const urlOf = (path: string, fields: Fields) => {
    const search = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]));
    return `${query.url}${MODULE}/${path}?${search}`;
  };
  const viewed = async (path: string, fields: Fields) => {
    const answer = await query.client.get<EventRecord[]>(path, fields);
    expect([answer.status, answer.page]).toEqual([200, { next_cursor: null }]);
    return answer.data;
  };
  const exported = async (path: string, fields: Fields) => {
    const file = await download(urlOf(path, fields));
    expect([file.status, file.isComplete]).toEqual([200, true]);
    return file.body;
  };
  const exportedCsv = async (path: string, fields: Fields) =>
    recordsOfCsv(await exported(path, { ...fields, format: 'csv' }));
  const exportedNdjson = async (path: string, fields: Fields) =>
    (await exported(path, { ...fields, format: 'ndjson' }))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as EventRecord);
  const command = (guildId: string, msAgo: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
    guildId,
    kind: CATALOGUE['command.used'].number,
    occurredAt: new Date(Date.now() - msAgo).toISOString(),
    eventId: randomUUID(),
    label: 'ping',
    ...more,
  });

  it.each(KINDS)(
    'have the same records as the view of %s, in the same order and with the same fields',
    async (_, kind) => {
      const guildId = await openGuild();
      await storeEvents(
        database,
        Array.from({ length: 12 }, (_item, index) => madeUpEvent(kind, guildId, index)),
      );
      const records = await viewed(kind.viewPath, { guild_id: guildId });
      expect(records).toHaveLength(12);
      expect(await exportedCsv(kind.viewPath, { guild_id: guildId })).toEqual(records);
      expect(await exportedNdjson(kind.viewPath, { guild_id: guildId })).toEqual(records);
      expect(await exported(kind.viewPath, { guild_id: guildId, format: 'ndjson' })).toBe(
        records.map((record) => `${JSON.stringify(record)}\n`).join(''),
      );
    },
  );

  it.each(KINDS.filter(([, kind]) => filtersOf(kind).length > 0))('support every filter of %s', async (_, kind) => {
    const guildId = await openGuild();
    await storeEvents(
      database,
      Array.from({ length: 30 }, (_item, index) => madeUpEvent(kind, guildId, index)),
    );
    const all = await viewed(kind.viewPath, { guild_id: guildId });
    const values = { user_id: '900', channel_id: '9007199254740993' };
    const filters: Fields[] = filtersOf(kind).map((filter) => ({ [filter]: values[filter] }));
    for (const filter of [...filters, Object.assign({}, ...filters) as Fields]) {
      const fields = { guild_id: guildId, ...filter };
      const records = await viewed(kind.viewPath, fields);
      expect(records.length).toBeGreaterThan(0);
      expect(records.length).toBeLessThan(all.length);
      expect(await exportedCsv(kind.viewPath, fields)).toEqual(records);
      expect(await exportedNdjson(kind.viewPath, fields)).toEqual(records);
    }
  });

  it('treat the window as half-open, exact to the millisecond', async () => {
    const guildId = await openGuild();
    const [from, to] = [Date.now() - 3 * DAY_MS, Date.now() - DAY_MS];
    const times = [from - 1, from, from + DAY_MS, to - 1, to].map((time) => new Date(time).toISOString());
    await storeEvents(
      database,
      times.map((occurredAt) => command(guildId, 0, { occurredAt })),
    );
    const window = { guild_id: guildId, from: times[1]!, to: times[4]! };
    const records = await exportedCsv(COMMAND_VIEW, window);
    expect(records.map(({ timestamp }) => timestamp)).toEqual([times[3], times[2], times[1]]);
    expect(await exportedCsv(COMMAND_VIEW, { guild_id: guildId, days: 2 })).toHaveLength(2);
  });

  it('have only a CSV header row if there are no records', async () => {
    const guild_id = await openGuild();
    expect(await exported(COMMAND_VIEW, { guild_id, format: 'csv' })).toBe('id,guild_id,timestamp,user_id,command\r\n');
    expect(await exported(MESSAGE_VIEW, { guild_id, format: 'csv', days: 1 })).toBe(
      'id,guild_id,timestamp,user_id,member_is_bot,channel_id,message_id\r\n',
    );
    expect(await exported(COMMAND_VIEW, { guild_id, format: 'ndjson' })).toBe('');
  });

  it('keep hostile texts exactly, in cells that a spreadsheet neither runs nor converts', async () => {
    const guildId = await openGuild();
    const hostile = [
      ...[
        '=1+1',
        '@x',
        '+1',
        '-1',
        "'x",
        "''",
        "'=1",
        '"',
        '""',
        'a\nb',
        'a\r\nb',
        '\r\n',
        ',',
        ',,',
        'é, "ü"\n',
        '🎉',
      ],
      ...[
        '\t=',
        '\t',
        ' =1',
        '\n=1',
        '＝1+1',
        '＋1',
        '－1',
        '＠x',
        '1',
        '1.50',
        '1e5',
        '007',
        '2026-11-24',
        '10:30',
        '1,5',
      ],
      ...[
        '=HYPERLINK("http://x","y")',
        "=cmd|' /C calc'!A1",
        'x;=1+1',
        'x\t=1+1',
        'a,=1',
        '"=1"',
        '\u200b=1',
        '\\n',
        'null',
      ],
      ...['x'.repeat(100), '😀'.repeat(100), '"'.repeat(100), '', 'true', ' ', 'ping '].filter((label) => label !== ''),
    ];
    await storeEvents(
      database,
      hostile.map((label, index) => command(guildId, 1000 * (index + 1), { label, userId: '9223372036854775807' })),
    );
    const text = await exported(COMMAND_VIEW, { guild_id: guildId, format: 'csv' });
    const [header, ...rows] = readCsv(text);
    expect(header).toEqual(['id', 'guild_id', 'timestamp', 'user_id', 'command']);
    expect(rows.map((row) => row[4]!.replace(/^'/, ''))).toEqual(hostile);
    for (const [, guild, , user, label] of rows) {
      expect(label).not.toMatch(/^[\s\u200b]*[=+\-@＝＋－＠]|^[\t\r\n]|^[\d.,:/+\-eE% ]+$/);
      // A spreadsheet would round an id that it reads as a number.
      expect([guild, user]).toEqual([`'${guildId}`, "'9223372036854775807"]);
    }
    expect((await exportedNdjson(COMMAND_VIEW, { guild_id: guildId })).map((record) => record.command)).toEqual(
      hostile,
    );
  });

  it('have each record once, in order, across page boundaries within one millisecond and at midnight', async () => {
    const guildId = await openGuild();
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;
    const insert = (count: number, time: number) =>
      database.query(
        `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, label)
         SELECT $1, 1, to_timestamp($2 / 1000.0) + (i % 3) * interval '1 microsecond', gen_random_uuid(), i::text
         FROM generate_series(1, $3) AS i`,
        [guildId, time, count],
      );
    // More than a page within one millisecond; a day of exactly one page; a day of exactly two; a day without records.
    await insert(PAGE_SIZE + 500, midnight + 1000);
    await insert(300, midnight);
    await insert(300, midnight - 1);
    await insert(PAGE_SIZE - 300, midnight - 5000);
    await insert(2 * PAGE_SIZE, midnight - 2 * DAY_MS + 7);
    const records = await viewed(COMMAND_VIEW, { guild_id: guildId });
    expect(records).toHaveLength(4 * PAGE_SIZE + 800);
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
    expect(await exportedCsv(COMMAND_VIEW, { guild_id: guildId })).toEqual(records);
    expect(await exportedNdjson(COMMAND_VIEW, { guild_id: guildId })).toEqual(records);
  });

  it('have a descriptive file name, Cache-Control: no-store and a request id', async () => {
    const guildId = await openGuild();
    for (const format of ['csv', 'ndjson'] as const) {
      const window = { from: iso(Date.now() - DAY_MS), to: iso(Date.now() - 1000) };
      const url = urlOf(MESSAGE_VIEW, { guild_id: guildId, format, ...window });
      const { headers } = await download(url, { headers: { 'x-request-id': 'mine' } });
      const basic = (time: string) => `${time.slice(0, 19).replace(/[-:]/g, '')}Z`;
      const name = `serverstats-message.sent-${guildId}-${basic(window.from)}-${basic(window.to)}.${format}`;
      expect(headers).toMatchObject({
        'content-type': CONTENT_TYPES[format],
        'content-disposition': `attachment; filename="${name}"`,
        'cache-control': 'no-store',
        'x-request-id': 'mine',
        vary: 'accept',
      });
      expect(name).toMatch(/-\d{8}T\d{6}Z-\d{8}T\d{6}Z\./);
    }
  });

  it('are available under both prefixes, and can be requested by the Accept header', async () => {
    const guildId = await openGuild();
    await storeEvents(database, [command(guildId, 1000)]);
    const typeFor = async (accept: string | undefined, fields: Fields = {}, prefix = '') => {
      const url = urlOf(COMMAND_VIEW, { guild_id: guildId, ...fields }).replace(MODULE, prefix + MODULE);
      const file = await download(url, { headers: accept === undefined ? {} : { accept } });
      expect(file.status).toBe(200);
      return file.headers['content-type'];
    };
    const json = 'application/json; charset=utf-8';
    expect(await typeFor(undefined)).toBe(json);
    expect(await typeFor('*/*')).toBe(json);
    expect(await typeFor('text/csv;q=0.4, application/json;q=0.5')).toBe(json);
    expect(await typeFor('text/html')).toBe(json);
    expect(await typeFor('text/csv')).toBe(CONTENT_TYPES.csv);
    expect(await typeFor('application/x-ndjson, text/csv;q=0.9, */*;q=0.1')).toBe(CONTENT_TYPES.ndjson);
    expect(await typeFor('text/csv', { format: 'json' })).toBe(json);
    expect(await typeFor('text/csv', { format: 'ndjson' })).toBe(CONTENT_TYPES.ndjson);
    expect(await typeFor('application/json', { format: 'csv' }, '/v1')).toBe(CONTENT_TYPES.csv);
  });

  it.each([
    ['format', { format: 'xml' }],
    ['format', { format: 'CSV' }],
    ['format', { format: '' }],
    ['limit', { format: 'csv', limit: 10 }],
    ['cursor', { format: 'ndjson', cursor: 'x' }],
    ['limit,cursor', { format: 'csv', limit: 10, cursor: 'x' }],
    ['channel_id', { format: 'csv', channel_id: 5 }],
    ['days', { format: 'csv', days: 31 }],
    ['from', { format: 'csv', from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
  ])('answer with the error envelope and name %s for %j', async (names, fields) => {
    const answer = await query.client.get(COMMAND_VIEW, { guild_id: await openGuild(), ...(fields as Fields) });
    expect(answer).toMatchObject({ status: 400, success: false, error: { name: 'BadRequestError' } });
    expect(answer.error.fields!.map(({ field }) => field).join()).toBe(names);
  });

  it('reject a limit also if the Accept header requests an export', async () => {
    const path = `${MODULE}/${COMMAND_VIEW}?guild_id=${await openGuild()}&limit=5`;
    const answer = await query.client.request(path, { headers: { accept: 'text/csv' } });
    expect(answer).toMatchObject({ status: 400, error: { fields: [{ field: 'limit' }] } });
  });

  it('need a credential and an enabled module', async () => {
    const guildId = newGuildId();
    const fields = { guild_id: guildId, format: 'csv' };
    expect(await query.client.get(COMMAND_VIEW, fields)).toMatchObject({ status: 409, error: { code: 800 } });
    const init = { headers: { authorization: 'Bearer no' } };
    const path = `${MODULE}/${COMMAND_VIEW}?guild_id=${guildId}&format=csv`;
    expect(await query.client.request(path, init)).toMatchObject({ status: 401 });
  });

  it('do not start for a HEAD request, which returns only the headers', async () => {
    const guildId = await openGuild();
    await storeEvents(database, [command(guildId, 1000)]);
    const before = await metric('serverstats_exported_records_total{format="csv"}');
    const file = await download(urlOf(COMMAND_VIEW, { guild_id: guildId, format: 'csv' }), { method: 'HEAD' });
    expect(file).toMatchObject({ status: 200, body: '', headers: { 'content-type': CONTENT_TYPES.csv } });
    expect(file.headers['content-disposition']).toMatch(/^attachment; filename=/);
    expect(await metric('serverstats_exported_records_total{format="csv"}')).toBe(before);
    const wrong = { guild_id: guildId, format: 'csv', limit: 1 };
    expect((await download(urlOf(COMMAND_VIEW, wrong), { method: 'HEAD' })).status).toBe(400);
  });

  it('cause no failure, and leave nothing running', async () => {
    expect(query.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    for (const format of ['csv', 'ndjson'])
      expect(await metric(`serverstats_exports_running{format="${format}"}`)).toBe(0);
  });

  const metric = async (name: string) => {
    const { body } = await download(`${query.url}/metrics`);
    return Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  };
});

/** A made-up event of the kind. The index spreads events over the last days; some have no user. */
function madeUpEvent(kind: BuiltInKind, guildId: string, index: number): StoredEvent {
  const has = (column: Parameters<typeof fieldIn>[1]) => fieldIn(kind, column) !== undefined;
  return {
    guildId,
    kind: kind.number,
    occurredAt: iso(Date.now() - 60_000 - index * 5 * 3_600_000),
    eventId: randomUUID(),
    userId: hasUser(kind) && index % 3 > 0 ? String(899 + (index % 3)) : undefined,
    channelId: has('channel_id') ? String(9_007_199_254_740_992n + BigInt(index % 4)) : undefined,
    // An erasure sets the message id to null.
    messageId: has('message_id') && index % 3 > 0 ? String(9_223_372_036_854_775_807n - BigInt(index)) : undefined,
    label: has('label') ? `l\u00e4bel "${index}", \\ 🎉` : undefined,
    value: has('value') ? [0, 1, 12_500, 86_400_000_000, 1_000_000, 123][index % 6] : undefined,
    flags: has('is_bot') ? index % 2 : undefined,
  };
}

/** Parses cells as docs/exports.md describes. */
function recordsOfCsv(text: string): EventRecord[] {
  const [header, ...rows] = readCsv(text);
  return rows.map((row) => {
    expect(row).toHaveLength(header!.length);
    return Object.fromEntries(header!.map((field, column) => [field, valueOf(field, row[column]!)])) as EventRecord;
  });
}

function valueOf(field: string, cell: string): unknown {
  if (cell === '') return null;
  if (field === 'member_is_bot') return JSON.parse(cell) as boolean;
  if (!field.endsWith('_delay')) return cell.replace(/^'/, '');
  expect(cell).toMatch(/^\d+(?:\.\d+)?$/);
  return Number(cell);
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
