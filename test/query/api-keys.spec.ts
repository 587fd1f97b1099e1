import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

interface Key {
  id: string;
  key: string;
  guild_id: string;
  name: string;
  access: string;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
}

describe('API keys', () => {
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

  const create = (body: Record<string, unknown>) =>
    query.client.request<Key>('/auth/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const list = (guildId: string) => query.client.request<Omit<Key, 'key'>[]>(`/auth/api-keys?guild_id=${guildId}`);
  const revoke = (id: string) => query.client.request(`/auth/api-keys/${id}`, { method: 'DELETE' });
  const statusWith = async (key: string, guildId: string, url = query.url) => {
    const path = `/modules/serverstats/status?guild_id=${guildId}`;
    return (await fetch(url + path, { headers: { authorization: `Bearer ${key}` } })).status;
  };

  it('are created with a secret that is shown once', async () => {
    const guildId = newGuildId();
    const made = await create({ guild_id: guildId, name: 'Grafana 📈', access: 'read' });
    expect(made.status).toBe(201);
    expect(made.data).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      key: expect.stringMatching(/^serverstats_[A-Za-z0-9_-]{43}$/),
      guild_id: guildId,
      name: 'Grafana 📈',
      access: 'read',
      prefix: made.data.key.slice(0, 16),
      created_at: expect.stringMatching(/Z$/),
      last_used_at: null,
    });
    const { key, ...shown } = made.data;
    const listed = await list(guildId);
    expect(listed.data).toEqual([shown]);
    expect(JSON.stringify(listed.data)).not.toContain(key);
    expect(await statusWith(key, guildId)).toBe(200);
  });

  it('have write access by default', async () => {
    expect((await create({ guild_id: newGuildId(), name: 'a' })).data.access).toBe('write');
  });

  it('are stored as a hash: their table does not contain the secret', async () => {
    const { key } = (await create({ guild_id: newGuildId(), name: 'a' })).data;
    const rows = await database.query<{ row: string }>(
      `SELECT k::text || encode(secret_hash, 'escape') AS row FROM api_keys k`,
    );
    const random = key.slice('serverstats_'.length);
    expect(rows.filter(({ row }) => row.includes(random))).toEqual([]);
  });

  it.each([
    [{ name: 'a' }, 'guild_id'],
    [{ guild_id: '0', name: 'a' }, 'guild_id'],
    [{ guild_id: '1' }, 'name'],
    [{ guild_id: '1', name: '' }, 'name'],
    [{ guild_id: '1', name: 'a'.repeat(101) }, 'name'],
    [{ guild_id: '1', name: 'a\u0000' }, 'name'],
    [{ guild_id: '1', name: 'a', access: 'admin' }, 'access'],
    [{ guild_id: '1', name: 'a', access: null }, 'access'],
    [{ guild_id: '1', name: 'a', key: 'mine' }, 'key'],
  ])('are not created from %j', async (body, field) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 400, error: { name: 'BadRequestError', fields: [{ field }] } });
  });

  it('are limited to 25 per guild, even with concurrent requests', async () => {
    const guildId = newGuildId();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => create({ guild_id: guildId, name: `key ${n}` })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(25);
    expect(answers.find(({ status }) => status !== 201)).toMatchObject({
      status: 400,
      error: { name: 'BadRequestError', fields: [{ field: 'guild_id' }] },
    });
    await revoke((await list(guildId)).data[0]!.id);
    expect((await create({ guild_id: guildId, name: 'again' })).status).toBe(201);
  });

  it('are rejected by every instance within a second after they are revoked, and not before', async () => {
    const other = await startQueryInProcess(database.url);
    try {
      const guildId = newGuildId();
      const { id, key } = (await create({ guild_id: guildId, name: 'a' })).data;
      const urls = [query.url, other.url];
      expect(await Promise.all(urls.map((url) => statusWith(key, guildId, url)))).toEqual([200, 200]);
      expect(await revoke(id)).toMatchObject({ status: 200, data: { id, revoked: true } });
      const revokedAt = performance.now();
      for (const url of urls) {
        await waitFor(async () => (await statusWith(key, guildId, url)) === 401, { what: 'the key to be rejected' });
      }
      expect(performance.now() - revokedAt).toBeLessThan(1_000);
      expect(await revoke(id)).toMatchObject({ status: 404, error: { name: 'NotFoundError' } });
      expect((await list(guildId)).data).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('are revoked by their id alone, which must be a UUID', async () => {
    expect(await revoke(randomUUID())).toMatchObject({ status: 404 });
    expect(await revoke('nonsense')).toMatchObject({ status: 400, error: { fields: [{ field: 'id' }] } });
    expect(await revoke(`${randomUUID()}?guild_id=1`)).toMatchObject({
      status: 400,
      error: { fields: [{ field: 'guild_id' }] },
    });
  });

  it('survive the deletion of the data of their guild', async () => {
    const guildId = newGuildId();
    const { key } = (await create({ guild_id: guildId, name: 'a' })).data;
    await query.client.send('DELETE', `settings/delete?guild_id=${guildId}`);
    expect(await statusWith(key, guildId)).toBe(200);
  });

  it('show when they were last used, without a write per request', async () => {
    const guildId = newGuildId();
    const { id, key } = (await create({ guild_id: guildId, name: 'a' })).data;
    const unused = (await create({ guild_id: guildId, name: 'b' })).data;
    const versionOf = async () =>
      (await database.query<{ xmin: string }>(`SELECT xmin FROM api_keys WHERE id = $1`, [id]))[0]!.xmin;
    const before = await versionOf();
    const from = Date.now();
    for (let n = 0; n < 20; n++) await statusWith(key, guildId);
    expect(await versionOf()).toBe(before);
    const used = await waitFor(
      async () => (await list(guildId)).data.find((listed) => listed.id === id && listed.last_used_at !== null),
      { what: 'the last use to be saved' },
    );
    expect(Date.parse(used.last_used_at!)).toBeGreaterThanOrEqual(from);
    expect((await list(guildId)).data.find((listed) => listed.id === unused.id)!.last_used_at).toBeNull();
  });

  it('have their last use saved when the service stops', async () => {
    const stopping = await startQueryInProcess(database.url);
    const guildId = newGuildId();
    const { key } = (await create({ guild_id: guildId, name: 'a' })).data;
    await statusWith(key, guildId, stopping.url);
    await stopping.close();
    expect((await list(guildId)).data[0]!.last_used_at).not.toBeNull();
  });

  it('are read together for many concurrent requests', async () => {
    const guildId = newGuildId();
    const { key } = (await create({ guild_id: guildId, name: 'a' })).data;
    const scans = async () => {
      const [row] = await database.query<{ scans: string }>(
        `SELECT idx_scan AS scans FROM pg_stat_user_indexes WHERE indexrelname = 'api_keys_by_secret'`,
      );
      return Number(row!.scans);
    };
    const before = await scans();
    await Promise.all(Array.from({ length: 50 }, () => statusWith(key, guildId)));
    // Postgres updates its statistics with a delay; they are never too high.
    await waitFor(async () => (await scans()) > before, { what: 'the read to be counted' });
    expect((await scans()) - before).toBeLessThan(10);
  });
});
