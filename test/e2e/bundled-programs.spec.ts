import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startIngestionProcess, startQueryProcess } from '../harness/services.js';
import { claimVhost, type TestVhost } from '../harness/test-broker.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';

describe('the bundled programs, with the files that the Dockerfile copies', () => {
  let directory: string;
  let database: TestDatabase;
  let vhost: TestVhost;

  beforeAll(async () => {
    [directory, database, vhost] = await Promise.all([
      mkdtemp(join(tmpdir(), 'serverstats-image-')),
      createTestDatabase(),
      claimVhost(),
    ]);
    for (const path of await copiedPaths()) {
      const filter = (source: string) => !/dist[/\\](?:apps|libs|bench)$/.test(source);
      await cp(path, join(directory, path), { recursive: true, filter });
    }
  });
  afterAll(async () => {
    await Promise.all([rm(directory, { recursive: true }), database.release(), vhost.release()]);
  });

  const environment = () => ({ databaseUrl: database.url, brokerUrl: vhost.url, directory });

  it('query becomes ready, and serves the documentation with its assets', async () => {
    const query = await startQueryProcess(environment());
    try {
      for (const path of ['/docs', '/docs/swagger-ui-bundle.js', '/openapi.json', '/docs/events', '/asyncapi.json']) {
        const response = await fetch(query.url + path);
        expect([path, response.status]).toEqual([path, 200]);
        // The service stops only after its answers have been read.
        await response.arrayBuffer();
      }
    } finally {
      expect(await query.stop()).toBe(0);
    }
  });

  it('ingestion becomes ready', async () => {
    const ingestion = await startIngestionProcess(environment());
    expect(await ingestion.stop()).toBe(0);
  });
});

/** The paths that the last stage of the Dockerfile copies, relative to the project. */
async function copiedPaths(): Promise<string[]> {
  const stage = (await readFile('Dockerfile', 'utf8')).split(/^FROM /m).at(-1)!;
  const copies = [...stage.matchAll(/^COPY (?:--\S+ )?(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '));
  const relative = copies.map((path) => path.replace(/^\/app\//, '').replace(/\/\*\S*$/, ''));
  return [...new Set(relative)];
}
