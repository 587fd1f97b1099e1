import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const OLD = 'the-old-service-key-0123456789abcdef';
const NEW = 'the-new-service-key-0123456789abcdef';

/** What the instances of a query service are started with while an operator changes the key. */
const STEPS = { before: OLD, during: `${OLD},${NEW}`, after: NEW };

describe('changing the service key', () => {
  let database: TestDatabase;
  const instances = {} as Record<keyof typeof STEPS, QueryInProcess>;

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const [step, SERVICE_KEY] of Object.entries(STEPS)) {
      instances[step as keyof typeof STEPS] = await startQueryInProcess(database.url, { SERVICE_KEY });
    }
  });
  afterAll(async () => {
    for (const instance of Object.values(instances)) await instance.close();
    await database?.release();
  });

  const status = async ({ url }: QueryInProcess, key: string) => {
    const path = '/modules/serverstats/status?guild_id=81384788765712384';
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
    await response.text();
    return response.status;
  };

  it('leaves no moment at which a key is accepted by one instance and refused by another', async () => {
    const { before, during, after } = instances;
    // The instances are replaced one by one, and the bot gets the new key when all of them know both.
    expect(await Promise.all([before, during].map((instance) => status(instance, OLD)))).toEqual([200, 200]);
    expect(await Promise.all([during, after].map((instance) => status(instance, NEW)))).toEqual([200, 200]);
  });

  it('refuses the new key before, and the old one afterwards', async () => {
    expect(await status(instances.before, NEW)).toBe(401);
    expect(await status(instances.after, OLD)).toBe(401);
  });

  it.each([
    ['their concatenation', STEPS.during],
    ['the empty text', ''],
    ['a part of one', OLD.slice(0, -1)],
  ])('accepts, of two keys, not %s', async (_, key) => {
    expect(await status(instances.during, key)).toBe(401);
  });

  it('shows nowhere which key was used', async () => {
    const { during } = instances;
    const lineWith = async (key: string) => {
      const from = during.log.length;
      expect(await status(during, key)).toBe(200);
      const ofRequests = () => during.log.slice(from).filter(({ route }) => route !== undefined);
      await waitFor(() => ofRequests().length > 0, { what: 'the line of the request' });
      return ofRequests().map((line) => ({ ...line, time: 0, request_id: '', duration_ms: 0 }));
    };
    expect(await lineWith(NEW)).toEqual(await lineWith(OLD));
    for (const { log } of Object.values(instances)) expect(JSON.stringify(log)).not.toMatch(/service-key-0123/);
  });
});
