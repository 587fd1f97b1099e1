import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { CATALOGUE, QUEUES } from '#libs/contracts';
import type { ApiClient } from '../harness/api-client.js';
import { allSettings } from '../harness/all-settings.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const GUILD = '1234567890123456789';
const MEMBER = '9007199254740995';
const CHANNEL = '175928847299117063';

/** As docs/own-statistics.md describes. */
const POLL_VOTED = {
  title: 'Somebody voted in a poll',
  record_path: 'stats/polls/voted',
  switch: 'stats_polls_enabled',
  fields: { poll: 'label', channel_id: 'channel_id', seconds_taken: 'value' },
};
const POLL_CLOSED = { ...POLL_VOTED, record_path: 'stats/polls/closed', fields: {} };
const SWITCHES = { stats_polls_enabled: { description: 'Collect polls' } };

const RECORDED = { guild_id: GUILD, poll: 'tea or coffee', channel_id: CHANNEL, seconds_taken: 1.5 };

describe("a kind of one's own", () => {
  let folder: string;
  let system: TestSystem;
  let url: string;
  let api: ApiClient;

  const writeKinds = async (name: string, kinds: object): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify({ switches: SWITCHES, kinds }));
    return path;
  };
  const startWith = (STATISTICS_FILE: string) => ({ env: { STATISTICS_FILE } });

  const numbers = async () =>
    Object.fromEntries(
      (
        await system.database.query<{ name: string; number: number }>(
          'SELECT name, number FROM statistic_kinds WHERE number >= 1000',
        )
      ).map(({ name, number }) => [name, number]),
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serverstats-kinds-'));
    system = await TestSystem.create();
    const file = await writeKinds('first.json', { 'poll.voted': POLL_VOTED, 'poll.closed': POLL_CLOSED });
    // All at once: each finds an empty table.
    const [query] = await Promise.all([
      system.startQuery(startWith(file)),
      system.startIngestion(startWith(file)),
      system.startIngestion(startWith(file)),
    ]);
    ({ api } = query);
    ({ url } = query.service);
    await api.openGuild(GUILD);
  });
  afterAll(async () => {
    await system?.close();
    await rm(folder, { recursive: true });
  });

  const voted = async (count: number) => {
    await waitFor(
      async () => (await api.get<unknown[]>('stats/polls/voted/view', { guild_id: GUILD })).data.length >= count,
      {
        what: `${count} votes`,
      },
    );
    return (await api.get<Record<string, unknown>[]>('stats/polls/voted/view', { guild_id: GUILD })).data;
  };

  const publish = async (name: string, event: object) => {
    const publisher = await system.connectPublisher();
    await publisher.publish(name, event);
    await publisher.close();
  };

  it('should have one number for all instances that start at once, in the order of the file', async () => {
    expect(await numbers()).toEqual({ 'poll.voted': 1000, 'poll.closed': 1001 });
    const [built] = await system.database.query(`SELECT name, definition FROM statistic_kinds WHERE number = 2`);
    expect(built).toMatchObject({ name: 'message.sent', definition: { identified_by: 'message_id' } });
  });

  it('should be collected after its switch was switched on', async () => {
    const settings = await api.get<Record<string, unknown>>('settings', { guild_id: GUILD });
    expect(settings.data).toMatchObject({ stats_polls_enabled: false });
    const declined = await api.send('POST', 'stats/polls/voted', RECORDED);
    expect([declined.status, declined.data]).toEqual([200, { accepted: false, reason: 'statistic_disabled' }]);
    const put = await api.send('PUT', 'settings', allSettings(GUILD, { stats_command_usage: true }));
    expect(put.data).toMatchObject({ stats_polls_enabled: false });
    const patched = await api.send('PATCH', 'settings', { guild_id: GUILD, stats_polls_enabled: true });
    expect(patched.data).toMatchObject({ stats_polls_enabled: true, stats_command_usage: true });
  });

  it('should be recorded over HTTP and AMQP, listed, exported, summarized and erased', async () => {
    const posted = await api.send<{ event_id: string }>('POST', 'stats/polls/voted', RECORDED);
    expect(posted.status).toBe(202);
    const published = randomUUID();
    await publish('poll.voted', { ...RECORDED, user_id: MEMBER, event_id: published });
    const records = await voted(2);
    expect(records).toEqual(
      expect.arrayContaining([
        { ...RECORDED, id: posted.data.event_id, user_id: null, timestamp: expect.any(String) },
        { ...RECORDED, id: published, user_id: MEMBER, timestamp: expect.any(String) },
      ]),
    );
    const wrong = await api.send('POST', 'stats/polls/voted', { ...RECORDED, seconds_taken: -1 });
    expect(wrong).toMatchObject({ status: 400, error: { fields: [{ field: 'seconds_taken' }] } });

    const csv = await api.download(`stats/polls/voted/view?guild_id=${GUILD}&format=csv`);
    expect(csv.split(/\r?\n/, 1)).toEqual(['id,guild_id,timestamp,user_id,poll,channel_id,seconds_taken']);

    const summary = await api.get('stats/polls/voted/summary', { guild_id: GUILD, group_by: 'poll' });
    expect(summary.data).toMatchObject({
      total: 2,
      groups: [{ key: 'tea or coffee', count: 2 }],
      stats: { avg: 1.5, max: 1.5 },
    });
    const overview = await api.get<{ kinds: object[] }>('stats/overview', { guild_id: GUILD });
    expect(overview.data.kinds.at(-2)).toMatchObject({ kind: 'poll.voted', enabled: true, total: 2 });
    const collection = await api.get<{ kinds: object[] }>('stats/collection', { guild_id: GUILD });
    expect(collection.data.kinds.at(-2)).toMatchObject({ kind: 'poll.voted', enabled: true });

    const member = { guild_id: GUILD, privacy_member_id: MEMBER };
    const erased = await api.send<{ statistics: object }>('DELETE', 'privacy/delete-user-entries', member);
    expect(erased.data.statistics).toMatchObject({ 'poll.voted': 1, 'poll.closed': 0 });
    expect((await voted(2)).map(({ user_id }) => user_id)).toEqual([null, null]);
  });

  it('should be in the API documents and in the list of kinds', async () => {
    const openApi = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(openApi.paths)).toEqual(
      expect.arrayContaining(['', '/view', '/summary'].map((path) => `/modules/serverstats/stats/polls/voted${path}`)),
    );
    const events = (await (await fetch(`${url}/asyncapi.json`)).json()) as { channels: Record<string, unknown> };
    expect(events.channels).toHaveProperty(['poll.voted', 'address'], 'poll.voted');
    const { data: kinds } = await api.get<{ kind: string }[]>('stats/kinds');
    expect(kinds.map(({ kind }) => kind)).toEqual([...Object.keys(CATALOGUE), 'poll.voted', 'poll.closed']);
    expect(kinds.at(-2)).toEqual({
      kind: 'poll.voted',
      title: 'Somebody voted in a poll',
      switch: 'stats_polls_enabled',
      bot_switch: null,
      record_path: '/stats/polls/voted',
      view_path: '/stats/polls/voted/view',
      summary_path: '/stats/polls/voted/summary',
      fields: [
        { name: 'poll', type: 'label' },
        { name: 'channel_id', type: 'channel_id' },
        { name: 'seconds_taken', type: 'value' },
      ],
      filters: ['user_id', 'channel_id'],
      group_by: ['user', 'channel', 'poll'],
      measure: { field: 'seconds_taken', unit: 'milliseconds' },
      builtin: false,
    });
    expect(kinds[1]).toMatchObject({
      kind: 'message.sent',
      bot_switch: 'stats_track_bot_messages',
      view_path: '/stats/message/view',
      measure: null,
      builtin: true,
    });
  });

  it('should not start with other fields than those that are stored, and name what has changed', async () => {
    const fields = { poll: 'label', message_id: 'message_id' };
    const kinds = { 'poll.voted': { ...POLL_VOTED, fields, identified_by: 'message_id' }, 'poll.closed': POLL_CLOSED };
    const STATISTICS_FILE = await writeKinds('changed.json', kinds);
    const env = { DATABASE_URL: system.database.url, RABBITMQ_URL: system.vhost.url, STATISTICS_FILE };
    const { code, output } = await runIngestion(env);
    expect(code).toBe(78);
    expect(output).toContain(
      'STATISTICS_FILE kinds["poll.voted"].fields is {"poll":"label","message_id":"message_id"}; expected',
    );
    expect(output).toContain('STATISTICS_FILE kinds["poll.voted"].identified_by is "message_id"; expected none');
  });

  it('should keep its events after it was taken out of the file, and what is then published goes to the dead letters', async () => {
    const before = (await voted(1)).length;
    await publish('poll.voted', { ...RECORDED, user_id: MEMBER, occurred_at: Date.now() });
    const kept = (await voted(before + 1)).length;
    for (const service of system.services) await service.stop();
    const file = await writeKinds('second.json', {
      'poll.opened': { ...POLL_CLOSED, record_path: 'stats/polls/opened' },
    });
    const [{ api: later }] = await Promise.all([
      system.startQuery(startWith(file)),
      system.startIngestion(startWith(file)),
    ]);
    expect(await numbers()).toEqual({ 'poll.voted': 1000, 'poll.closed': 1001, 'poll.opened': 1002 });
    const [row] = await system.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM statistic_events JOIN statistic_kinds k ON k.number = kind WHERE k.name = 'poll.voted'`,
    );
    expect(row!.count).toBe(kept);
    expect((await later.get('stats/polls/voted/view', { guild_id: GUILD })).status).toBe(404);
    const member = { guild_id: GUILD, privacy_member_id: MEMBER };
    const entries = await later.get<{ statistics: object }>('privacy/get-user-entries', member);
    expect(entries.data.statistics).toMatchObject({ 'poll.voted': 1, 'poll.opened': 0 });
    const exported = await later.download(`privacy/export?${new URLSearchParams(member)}`);
    expect(JSON.parse(exported.split('\n')[0]!)).toMatchObject({ kind: 'poll.voted', poll: 'tea or coffee' });

    const publisher = await system.connectPublisher();
    try {
      await publisher.publish('poll.voted', RECORDED);
      // As one that was still in the queue.
      await publisher.sendToQueue(QUEUES.statistics, { pattern: 'poll.voted', data: RECORDED });
      const letters = await publisher.waitForDeadLetters(2);
      const reasons = letters.map(({ fields, properties }) => [
        fields.routingKey,
        properties.headers?.['x-error-name'] as unknown,
      ]);
      // No queue takes the first.
      expect(Object.fromEntries(reasons)).toEqual({
        'poll.voted': undefined,
        [QUEUES.statistics]: 'UnknownEventError',
      });
    } finally {
      await publisher.close();
    }
  });
});

async function runIngestion(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['dist/ingestion.js'], {
    env: { PATH: process.env.PATH, INGESTION_PORT: '0', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdout.resume();
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
