import { CATALOGUE } from '#libs/contracts';
import { readFile } from 'node:fs/promises';
import { parseStatisticsFile, type ReadStatisticsFile } from '#libs/statistics-file';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

interface Operation {
  operationId: string;
  security: unknown[];
  responses: Record<string, unknown>;
}

/** Paths that need no credential. */
const OPEN = ['/auth/session', '/auth/login', '/auth/callback', '/livez', '/readyz', '/modules/serverstats'];

describe('the OpenAPI document', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let document: {
    paths: Record<string, Record<string, Operation>>;
    servers: { url: string }[];
    components: { schemas: Record<string, { properties?: object }> };
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
    document = (await (await fetch(`${query.url}/openapi.json`)).json()) as typeof document;
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => method !== 'servers')
        .map(([method, operation]) => ({ path, method, operation })),
    );

  it('is the same as the committed docs/openapi.json', async () => {
    expect(document).toEqual(JSON.parse(await readFile('docs/openapi.json', 'utf8')));
  });

  it('lists every path once, and the version prefix as a server', () => {
    expect(document.servers.map(({ url }) => url)).toEqual(['/', '/v1']);
    expect(Object.keys(document.paths).filter((path) => path.startsWith('/v1'))).toEqual([]);
    expect(operations()).toHaveLength(36 + 3 * Object.keys(CATALOGUE).length);
  });

  it('gives every operation a unique operationId that is a valid identifier', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][A-Za-z]*$/.test(id))).toEqual([]);
    expect(ids).toEqual(
      expect.arrayContaining([
        'enableModule',
        'recordMessage',
        'listMessages',
        'summarizeMessages',
        'listTagSendTimes',
      ]),
    );
  });

  it('describes requests and answers by schemas with descriptive names', () => {
    const { schemas } = document.components;
    expect(Object.keys(schemas)).toEqual(
      expect.arrayContaining(['MessageSentEvent', 'MessageSentRecord', 'MessageSentSummary', 'Settings', 'ApiKey']),
    );
    const record = Object.keys(schemas.TagSendTimedRecord!.properties!);
    expect(record).toEqual(['id', 'guild_id', 'timestamp', 'send_time_delay']);
    expect(schemas.TagSendTimedSummary!.properties).toHaveProperty('stats');
    expect(schemas.MessageSentSummary!.properties).not.toHaveProperty('stats');
  });

  it('repeats nothing: every answer, error and body with fields refers to a named schema', () => {
    const inline = operations().flatMap(({ path, method, operation }) =>
      [...JSON.stringify(operation).matchAll(/"properties":\{"(\w+)"/g)]
        .map(([, property]) => property!)
        .filter((property) => property !== 'data')
        .map((property) => `${method} ${path}: ${property}`),
    );
    expect(inline).toEqual([]);
  });

  it("keeps its paths and settings for itself: kinds of one's own cannot take them", () => {
    const kind = { title: 'x', switch: 'stats_command_usage', fields: {} };
    const free = (read: ReadStatisticsFile) => 'statistics' in read;
    const paths = Object.keys(document.paths).flatMap((path) => /^\/modules\/serverstats\/(.+)$/.exec(path)?.[1] ?? []);
    const takenPaths = paths.filter((record_path) =>
      free(parseStatisticsFile({ kinds: { 'x.y': { ...kind, record_path } } })),
    );
    const settings = Object.keys(document.components.schemas.PutSettingsRequest!.properties!);
    const takenSettings = settings.filter((name) =>
      free(parseStatisticsFile({ switches: { [name]: { description: 'x' } }, kinds: {} })),
    );
    expect([takenPaths, takenSettings]).toEqual([[], []]);
    expect(paths.length + settings.length).toBeGreaterThan(70);
  });

  it('says which operations need a credential, and they do', async () => {
    for (const { path, method, operation } of operations()) {
      const response = await fetch(query.url + path, { method: method.toUpperCase() });
      const isOpen = OPEN.includes(path);
      expect([path, operation.security.length === 0, response.status === 401]).toEqual([path, isOpen, !isOpen]);
      // A login needs no credential, but may be refused.
      expect([path, '401' in operation.responses]).toEqual([path, !isOpen || path === '/auth/session']);
    }
  });
});
