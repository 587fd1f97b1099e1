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

  it('makes a key of 256 random bits that is recognised by its prefix', async () => {
    const key = await obtainServiceKey(path);
    expect(key).toMatch(/^sk_[\w-]{43}$/);
  });

  it('keeps the key for its owner alone', async () => {
    await obtainServiceKey(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('makes the key once', async () => {
    const key = await obtainServiceKey(path);
    expect(await obtainServiceKey(path)).toBe(key);
    expect((await readFile(path, 'utf8')).trim()).toBe(key);
  });

  it('refuses a file that holds no key, naming it', async () => {
    await writeFile(path, 'short\n');
    await expect(obtainServiceKey(path)).rejects.toThrow(path);
  });
});
