import pg from 'pg';
import { HTTP_LIMITS } from '#libs/observability';
import { PAGE_SIZE } from '../../apps/query/src/statistics/export/event-pages.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { Download, download } from './download.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

/** Far more text than fits into the buffers between the server and a client that does not read. */
const RECORDS = 150_000;
const PATH = 'stats/message/view';

describe('a running export', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let guildId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url, { DATABASE_POOL_SIZE: '2' });
    guildId = newGuildId();
    await query.client.openGuild(guildId);
    await database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id)
       SELECT $1, 2, now() - i * interval '1 second', gen_random_uuid(), 9007199254740993, 9007199254740993, i
       FROM generate_series(1, $2) AS i`,
      [guildId, RECORDS],
    );
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const url = (service = query) => `${service.url}/modules/serverstats/${PATH}?guild_id=${guildId}&format=ndjson`;
  const metric = async (name: string, service = query) => {
    const { body } = await download(`${service.url}/metrics`);
    return Number(new RegExp(`^serverstats_${name}\\{format="ndjson"\\} (\\d+)$`, 'm').exec(body)![1]);
  };
  const recordsRead = (service = query) => metric('exported_records_total', service);
  const nothingRuns = () => waitFor(async () => (await metric('exports_running')) === 0, { what: 'exports to end' });
  /** Starts an export whose client reads one byte, and resolves when the service waits for the client. */
  const stalledExport = async (service = query, search = '') => {
    const before = await recordsRead(service);
    const slow = await Download.begin(url(service) + search);
    await slow.readALittle();
    let last = -1;
    let unchanged = 0;
    await waitFor(
      async () => {
        const now = await recordsRead(service);
        unchanged = now === last ? unchanged + 1 : 0;
        last = now;
        return unchanged === 10;
      },
      { what: 'the service to read no more pages' },
    );
    expect(last - before).toBeGreaterThan(0);
    expect(last - before).toBeLessThan(RECORDS / 2);
    return slow;
  };
  const logOf = (slow: Download, message: RegExp) => () =>
    query.log.find((line) => line.request_id === slow.requestId && message.test(String(line.msg)));
  const errors = () => query.log.filter(({ level }) => level === 'warn' || level === 'error');
  const rename = (from: string, to: string) => database.query(`ALTER TABLE ${from} RENAME TO ${to}`);

  it('waits for a slow client, holds no database connection meanwhile, and is complete in the end', async () => {
    const slow = await stalledExport();
    const others = await Promise.all(Array.from({ length: 3 }, () => stalledExport()));
    const held = await database.query(
      `SELECT state, query FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'serverstats-query' AND state <> 'idle'`,
    );
    expect(held).toEqual([]);
    expect((await query.client.get(PATH, { guild_id: guildId, limit: 5 })).status).toBe(200);
    for (const other of others) other.abandon();

    const { body, isComplete } = await slow.readToEnd();
    expect(isComplete).toBe(true);
    const lines = body.split('\n').slice(0, -1);
    const messages = lines.map((line) => Number((JSON.parse(line) as { message_id: string }).message_id));
    expect(messages).toEqual(Array.from({ length: RECORDS }, (_, index) => index + 1));
    await nothingRuns();
  });

  it('ends when its client disconnects: it reads no more and logs no error', async () => {
    const slow = await stalledExport();
    const read = await recordsRead();
    slow.abandon();
    await nothingRuns();
    await waitFor(logOf(slow, /the client aborted/), { what: 'the log line' });
    // The page that was being read when the client disconnected may still arrive.
    expect((await recordsRead()) - read).toBeLessThanOrEqual(PAGE_SIZE);
    expect(errors()).toEqual([]);
  });

  it('is aborted if its client stops reading for too long', async () => {
    const impatient = await startQueryInProcess(
      database.url,
      {},
      { limits: { ...HTTP_LIMITS, stalledTimeoutMs: 1_000 } },
    );
    try {
      const slow = await Download.begin(url(impatient));
      await slow.readALittle();
      const isLogged = () =>
        impatient.log.find((line) => line.request_id === slow.requestId && /the client aborted/.test(String(line.msg)));
      await waitFor(isLogged, { what: 'the download to be aborted' });
      expect(await metric('exports_running', impatient)).toBe(0);
      expect(await recordsRead(impatient)).toBeLessThan(RECORDS / 2);
      const closed = impatient.log.find(({ msg }) => /closed an idle connection/.test(String(msg)));
      expect(closed).toMatchObject({ request_id: slow.requestId, stalled_ms: 1_000 });
      expect((await slow.readToEnd()).isComplete).toBe(false);
    } finally {
      await impatient.close();
    }
  });

  it('ends also if its client disconnects before the first record is read', async () => {
    const blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE statistic_events');
      const read = await recordsRead();
      const leave = new AbortController();
      const begun = Download.begin(url(), { headers: { 'x-request-id': 'impatient' }, signal: leave.signal });
      const isBlocked = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
      await waitFor(async () => (await database.query(isBlocked)).length > 0, { what: 'the first page to be read' });
      leave.abort();
      await expect(begun).rejects.toThrow('aborted');
      await blocker.query('COMMIT');
      const isLogged = () =>
        query.log.some((line) => line.request_id === 'impatient' && /the client aborted/.test(String(line.msg)));
      await waitFor(isLogged, { what: 'the log line' });
      await nothingRuns();
      // The page that was blocked, and one page that is read ahead.
      expect((await recordsRead()) - read).toBeLessThanOrEqual(2 * PAGE_SIZE);
      expect(errors()).toEqual([]);
    } finally {
      await blocker.end();
    }
  });

  it('breaks the connection if the database fails, so that the client notices that the export is incomplete', async () => {
    const slow = await stalledExport();
    await rename('statistic_events', 'statistic_events_away');
    try {
      const { status, isComplete, body } = await slow.readToEnd();
      expect([status, isComplete]).toEqual([200, false]);
      expect(body.length).toBeGreaterThan(0);
      expect(body).not.toContain('"success"');
    } finally {
      await rename('statistic_events_away', 'statistic_events');
    }
    await nothingRuns();
    const line = await waitFor(logOf(slow, /a download failed/), { what: 'the log line' });
    expect(line).toMatchObject({
      level: 'warn',
      guild_id: guildId,
      error: expect.stringContaining('statistic_events'),
    });
    expect((await download(url())).isComplete).toBe(true);
  });

  it('answers with the error envelope if the database fails before the first record', async () => {
    await rename('statistic_events', 'statistic_events_away');
    try {
      const answer = await query.client.get(PATH, { guild_id: guildId, format: 'csv' });
      expect(answer).toMatchObject({ status: 503, success: false, error: { name: 'ServiceUnavailableError' } });
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(answer.headers.get('content-disposition')).toBeNull();
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await rename('statistic_events_away', 'statistic_events');
    }
  });

  it('does not prevent the service from stopping', async () => {
    const stopping = await startQueryInProcess(database.url);
    const slow = await stalledExport(stopping);
    const started = performance.now();
    await stopping.close();
    expect(performance.now() - started).toBeLessThan(12_000);
    expect((await slow.readToEnd()).isComplete).toBe(false);
    expect(stopping.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  it('may finish while the service stops', async () => {
    const stopping = await startQueryInProcess(database.url);
    // Half of the records, so that a busy machine too can send the rest in the time that a stop leaves for it.
    const from = new Date(Date.now() - (RECORDS / 2) * 1_000).toISOString();
    const slow = await stalledExport(stopping, `&from=${from}`);
    const started = performance.now();
    const closed = stopping.close();
    expect((await slow.readToEnd()).isComplete).toBe(true);
    await closed;
    expect(performance.now() - started).toBeLessThan(12_000);
  });
});
