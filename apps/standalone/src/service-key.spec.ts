import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainServiceKey } from './service-key.js';

describe('obtainServiceKey', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'serverstats-key-'));
    path = join(directory, 'service-key');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('creates a key of 256 random bits with a prefix', async () => {
    const key = await obtainServiceKey(path);
    expect(key).toMatch(/^sk_[\w-]{43}$/);
  });

  it('makes the key readable only by its owner', async () => {
    await obtainServiceKey(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('creates the key once', async () => {
    const key = await obtainServiceKey(path);
    expect(await obtainServiceKey(path)).toBe(key);
    expect((await readFile(path, 'utf8')).trim()).toBe(key);
  });

  it('rejects a file without a key, and names the file', async () => {
    await writeFile(path, 'short\n');
    await expect(obtainServiceKey(path)).rejects.toThrow(path);
  });
});
