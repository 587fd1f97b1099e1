import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { storeEvents } from './stored-events.js';

const run = promisify(execFile);
const CLIENT = 'test/query/typed-client/client.mjs';
/** Inside node_modules, so that the client finds its dependencies. */
const CACHE = 'node_modules/.cache';
const TSCONFIG = {
  compilerOptions: {
    ...{ allowJs: true, checkJs: true, noEmit: true, strict: true, skipLibCheck: true },
    ...{ module: 'nodenext', target: 'es2023', types: ['node'], typeRoots: [resolve('node_modules/@types')] },
  },
  files: ['client.mjs'],
};

describe('a client that is generated from the OpenAPI document', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let directory: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
    await mkdir(CACHE, { recursive: true });
    directory = await mkdtemp(join(CACHE, 'typed-client-'));
    await copyFile(CLIENT, join(directory, 'client.mjs'));
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    const document = await (await fetch(`${query.url}/openapi.json`)).text();
    await writeFile(join(directory, 'openapi.json'), document);
    const types = ['--output', join(directory, 'api.d.ts')];
    await node('node_modules/openapi-typescript/bin/cli.js', join(directory, 'openapi.json'), ...types);
  });
  afterAll(async () => {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    await query?.close();
    await database?.release();
  });

  const node = (...args: string[]) => run(process.execPath, args).catch(failWithOutput);

  it('compiles, and its types detect every deliberate mistake', async () => {
    expect(await node('node_modules/typescript/bin/tsc', '-p', directory)).toEqual({ stdout: '', stderr: '' });
  });

  it('gets the answers that its types describe', async () => {
    const guildId = newGuildId();
    const occurredAt = new Date(Date.now() - 60_000).toISOString();
    await storeEvents(
      database,
      [1, 2].map(() => ({ guildId, kind: 1, occurredAt, eventId: randomUUID(), label: 'stored' })),
    );
    const client = [join(directory, 'client.mjs'), query.url, SERVICE_KEY, guildId];
    expect(await node(...client)).toEqual({ stdout: '', stderr: '' });
  });
});

/** Adds the output of the program to the error. */
function failWithOutput(error: Error & { stdout?: string; stderr?: string }): never {
  throw new Error(`${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
}
