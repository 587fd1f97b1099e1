import { runCli, startCli } from '../harness/cli.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const GUILD = '9007199254740993';

describe('npm run cli -- keys', () => {
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
  afterEach(() => database.query('DELETE FROM api_keys'));

  const cli = (args: string[], env: Record<string, string> = { DATABASE_URL: database.url }) => runCli(args, env);
  const statusWith = async (key: string, guildId = GUILD) => {
    const path = `/modules/serverstats/status?guild_id=${guildId}`;
    return (await fetch(query.url + path, { headers: { authorization: `Bearer ${key}` } })).status;
  };

  it('creates keys that the API accepts, lists them without their secrets, and revokes them', async () => {
    const made = await cli(['keys', 'create', GUILD, '--name', 'Grafana', '--access', 'read']);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^serverstats_[A-Za-z0-9_-]{43}\n$/) });
    const secret = made.stdout.trim();
    expect(await statusWith(secret)).toBe(200);

    const listed = await cli(['keys', 'list', GUILD]);
    expect(listed.stdout).toMatch(/Grafana/);
    expect(listed.stdout).toContain(secret.slice(0, 16));
    expect(listed.stdout).not.toContain(secret);
    const id = /[0-9a-f-]{36}/.exec(listed.stdout)![0];
    expect(made.stderr).toContain(id);

    expect(await cli(['keys', 'revoke', id])).toMatchObject({ code: 0, stdout: `Revoked key ${id}.\n` });
    expect(await cli(['keys', 'revoke', id])).toMatchObject({ code: 1, stderr: `There is no key ${id}.\n` });
    expect((await cli(['keys', 'list', GUILD])).stdout).toBe(`Guild ${GUILD} has no keys.\n`);
  });

  it('prints names so that they cannot control the terminal', async () => {
    const name = 'a\r\u001b[2K\u001b]0;x\u0007\nb';
    await cli(['keys', 'create', GUILD, '--name', name]);
    const { stdout } = await cli(['keys', 'list', GUILD]);
    expect(stdout).toContain('a\\u{d}\\u{1b}[2K\\u{1b}]0;x\\u{7}\\u{a}b');
    expect(stdout.split('\n')).toHaveLength(3);
  });

  it('does not create more keys than a guild may have', async () => {
    await database.query(
      `INSERT INTO api_keys (id, guild_id, name, access, prefix, secret_hash, created_at)
       SELECT gen_random_uuid(), $1, 'a', 'read', '', decode(md5(n::text), 'hex'), now() FROM generate_series(1, 25) n`,
      [GUILD],
    );
    const refused = await cli(['keys', 'create', GUILD, '--name', 'one more']);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('25 API keys') });
  });

  it.each([
    [['keys', 'list', '0'], 'Discord id'],
    [['keys', 'list'], "missing required argument 'guild'"],
    [['keys', 'create', GUILD], '--name'],
    [['keys', 'create', GUILD, '--name', 'a', '--access', 'all'], 'read, write'],
    [['keys', 'revoke', 'x'], 'UUID'],
    [['nonsense'], 'nonsense'],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await cli(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });

  it('requires DATABASE_URL', async () => {
    const { code, stderr } = await startCli(['keys', 'list', GUILD], {}).finished;
    expect([code, stderr]).toEqual([78, expect.stringContaining('DATABASE_URL')]);
  });

  it.each([['--help'], ['keys --help'], ['keys create --help']])('prints its usage: %s', async (line) => {
    expect(await cli(line.split(' '))).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage:') });
  });
});
