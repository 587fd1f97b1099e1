import { chmod, mkdtemp, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataDirectory } from './data-directory.js';
import { startedAt } from './running-processes.js';
import { StartupError } from './startup-error.js';

describe('openDataDirectory', () => {
  let parent: string;
  let path: string;

  beforeEach(async () => {
    parent = await realpath(await mkdtemp(join(tmpdir(), 'serverstats-data-')));
    path = join(parent, 'deep', 'data');
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('creates the directory and its parents', async () => {
    const directory = await openDataDirectory(path);
    await expect(writeFile(directory.file('something'), '')).resolves.toBeUndefined();
    await directory.release();
  });

  it('makes a new directory private, and does not change the mode of an existing one', async () => {
    const modeOf = async (of: string) => (await stat(of)).mode & 0o7777;
    await (await openDataDirectory(path)).release();
    expect(await modeOf(path)).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
    await chmod(path, 0o1777);
    await (await openDataDirectory(path)).release();
    expect(await modeOf(path)).toBe(0o1777);
  });

  it('rejects a second start in the same directory, and names the process of the first', async () => {
    const directory = await openDataDirectory(path);
    await expect(openDataDirectory(path)).rejects.toThrow(
      new RegExp(`already runs in .*process ${process.pid}.*DATA_DIR`),
    );
    await directory.release();
  });

  it('can be opened again after it was released', async () => {
    await (await openDataDirectory(path)).release();
    const next = await openDataDirectory(path);
    expect(next.path).toBe(path);
    await next.release();
  });

  it('lets exactly one of many concurrent starts succeed', async () => {
    const starts = await Promise.allSettled(Array.from({ length: 10 }, () => openDataDirectory(path)));
    const opened = starts.filter((start) => start.status === 'fulfilled');
    expect(opened).toHaveLength(1);
    await Promise.all(opened.map((start) => start.value.release()));
  });

  it.each([
    ['of a process that no longer exists', async () => JSON.stringify({ pid: 2 ** 30, startedAt: 'x' })],
    ['of an earlier process with the same id', async () => JSON.stringify({ pid: process.pid, startedAt: 'x' })],
    ['that does not parse', async () => '{"pid":'],
  ])('takes over a lock %s', async (_, content) => {
    await (await openDataDirectory(path)).release();
    await writeFile(join(path, 'lock'), await content());
    const directory = await openDataDirectory(path);
    await expect(openDataDirectory(path)).rejects.toThrow(StartupError);
    await directory.release();
  });

  it('respects the lock of another running process', async () => {
    await (await openDataDirectory(path)).release();
    const lock = { pid: process.ppid, startedAt: await startedAt(process.ppid) };
    await writeFile(join(path, 'lock'), JSON.stringify(lock));
    await expect(openDataDirectory(path)).rejects.toThrow(`process ${process.ppid}`);
  });

  it('recognizes the directory through a symbolic link', async () => {
    const directory = await openDataDirectory(path);
    await symlink(path, join(parent, 'alias'));
    await expect(openDataDirectory(join(parent, 'alias'))).rejects.toThrow(StartupError);
    await directory.release();
  });

  it('names DATA_DIR when it cannot be a directory', async () => {
    await writeFile(join(parent, 'file'), '');
    await expect(openDataDirectory(join(parent, 'file'))).rejects.toThrow(/^DATA_DIR: /);
  });
});
