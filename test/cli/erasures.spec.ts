import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../harness/cli.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents } from '../query/stored-events.js';

const MEMBER = '155149108183695360';
const OTHER = '155149108183695361';

describe('npm run cli -- erasures replay', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let directory: string;
  let log: string;
  let guilds = 1_500_000_000_000_000_000n;
  let [ofMember, erased, enabledAgain]: string[] = [];

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
    await rm(log, { force: true });
    [ofMember, erased, enabledAgain] = [1, 2, 3].map(() => String((guilds += 1_001n)));
    for (const guild of [ofMember, erased, enabledAgain]) await query.client.openGuild(guild!);
  });

  const cli = (...args: string[]) => runCli(['erasures', 'replay', ...args], { DATABASE_URL: database.url });
  const store = (guildId: string, userId: string, occurredAt = Date.now() - 3_600_000) =>
    storeEvents(database, [
      { guildId, kind: 1, occurredAt: new Date(occurredAt).toISOString(), eventId: randomUUID(), userId, label: 'x' },
    ]);
  /** Stores the events as in a backup from before the erasures. */
  const storeAll = async () => {
    for (const guild of [ofMember, erased]) for (const user of [MEMBER, OTHER]) await store(guild!, user);
  };
  const named = async (guildId: string, userId: string) =>
    (await database.query('SELECT FROM statistic_events WHERE guild_id = $1 AND user_id = $2', [guildId, userId]))
      .length;
  const restore = async () => {
    await database.query('TRUNCATE erasure_tombstones, statistic_events');
    await query.client.openGuild(erased!).catch(() => undefined);
    await database.query(`UPDATE guild_settings SET enabled_at = now() - interval '1 day' WHERE guild_id = $1`, [
      erased,
    ]);
    await storeAll();
  };
  const eraseMember = () =>
    query.client.send('DELETE', 'privacy/delete-user-entries', { guild_id: ofMember, privacy_member_id: MEMBER });

  it('repeats the erasures in a restored database, erases nothing else, and can run any number of times', async () => {
    await storeAll();
    expect((await eraseMember()).status).toBe(200);
    for (const guild of [erased, enabledAgain])
      await query.client.send('DELETE', 'settings/delete', { guild_id: guild });
    await query.client.openGuild(enabledAgain!);
    await restore();
    // The member has come back since, and so has a guild.
    await store(ofMember!, MEMBER, Date.now() + 60_000);
    await store(enabledAgain!, MEMBER);

    const dry = await cli('--since', '2020-01-01T00:00:00Z', '--file', log, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/would replay 3, unreadable 0\n$/) });
    expect(dry.stdout).toContain(`member ${MEMBER} of guild ${ofMember}`);
    expect(await named(ofMember!, MEMBER)).toBe(2);

    for (const time of ['first', 'second']) {
      const result = { time, ...(await cli('--since', '2020-01-01T00:00:00Z', '--file', log)) };
      expect(result).toMatchObject({ time, code: 0, stdout: 'replayed 2, kept 1, failed 0, unreadable 0\n' });
      expect([await named(ofMember!, MEMBER), await named(ofMember!, OTHER)]).toEqual([1, 1]);
      expect([await named(erased!, MEMBER), await named(erased!, OTHER)]).toEqual([0, 0]);
      expect(await named(enabledAgain!, MEMBER)).toBe(1);
    }
    const tombstones = await database.query<{ guild_id: string; user_id: string }>(
      'SELECT guild_id, user_id, before FROM erasure_tombstones ORDER BY guild_id',
    );
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    const logged = lines.map((line) => JSON.parse(line) as { guild_id: string; user_id?: string; before: string });
    expect(tombstones).toEqual(
      logged
        .filter(({ guild_id }) => guild_id !== enabledAgain)
        .map(({ guild_id, user_id = '0', before }) => ({ guild_id, user_id, before: new Date(before) })),
    );
    expect(await database.query('SELECT FROM erasures')).toEqual([]);
  });

  it('skips erasures from before --since', async () => {
    await storeAll();
    await eraseMember();
    await restore();
    const later = new Date(Date.now() + 60_000).toISOString();
    const result = await cli('--since', later, '--file', log);
    expect(result).toMatchObject({ code: 0, stdout: 'replayed 0, kept 0, failed 0, unreadable 0\n' });
    expect(await named(ofMember!, MEMBER)).toBe(1);
  });

  it('reports the lines that it cannot read, and replays the others', async () => {
    await storeAll();
    await appendFile(log, '{"erased_at":"2026-');
    await eraseMember();
    await restore();
    const result = await cli('--since', '2020-01-01T00:00:00Z', '--file', log);
    expect(result).toMatchObject({ code: 1, stdout: 'replayed 1, kept 0, failed 0, unreadable 1\n' });
    expect(result.stderr).toContain('Line 1 ');
    expect(await named(ofMember!, MEMBER)).toBe(0);
  });

  it.each([
    ['a missing file', ['--since', '2020-01-01T00:00:00Z', '--file', '/nowhere/log'], 1],
    ['an invalid time', ['--since', 'yesterday', '--file', 'x'], 2],
    ['no options', [], 2],
  ])('exits with the right code for %s', async (_, args, code) => {
    expect((await cli(...args)).code).toBe(code);
  });
});
