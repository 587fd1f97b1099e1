import type { EntityManager } from 'typeorm';
import { hashApiKeySecret } from '#libs/api-keys';
import { type ApiKey } from '#libs/database';
import type { GuildDatabase } from '../database/guild-database.js';
import { ApiKeyDirectory } from './api-key-directory.js';
import type { ApiKeyUses } from './api-key-uses.js';

const SECRET = `serverstats_${'A'.repeat(43)}`;
const KEY = { id: 'key', secretHash: hashApiKeySecret(SECRET) } as ApiKey;

/** A database whose reads see the state at their start and return when `answer()` is called. */
class DelayedDatabase {
  stored: ApiKey | null = KEY;
  readonly waiting: (() => void)[] = [];

  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const stored = this.stored;
    const manager = { getRepository: () => ({ findOneBy: () => Promise.resolve(stored) }) };
    return new Promise((resolve) => this.waiting.push(() => resolve(work(manager as unknown as EntityManager))));
  }

  answer(): void {
    for (const answer of this.waiting.splice(0)) answer();
  }
}

describe('ApiKeyDirectory', () => {
  let now: number;
  let database: DelayedDatabase;
  let directory: ApiKeyDirectory;

  beforeEach(() => {
    now = 0;
    database = new DelayedDatabase();
    const uses = { note: () => undefined } as unknown as ApiKeyUses;
    directory = new ApiKeyDirectory(database as unknown as GuildDatabase, uses, () => now);
  });

  const find = async () => {
    const finding = directory.find(SECRET);
    database.answer();
    return (await finding)?.id;
  };

  it('caches a key for half a second from the start of the read', async () => {
    expect(await find()).toBe('key');
    database.stored = null;
    now = 499;
    expect(await find()).toBe('key');
    now = 500;
    expect(await find()).toBeUndefined();
  });

  it('shares one read between concurrent requests', async () => {
    const both = [directory.find(SECRET), directory.find(SECRET)];
    expect(database.waiting).toHaveLength(1);
    database.answer();
    expect((await Promise.all(both)).map((key) => key?.id)).toEqual(['key', 'key']);
  });

  it('does not use a read from before a revocation for a request from after it', async () => {
    const before = directory.find(SECRET);
    now = 600;
    database.stored = null;
    const after = directory.find(SECRET);
    database.answer();
    expect((await before)?.id).toBe('key');
    expect(await after).toBeUndefined();
    expect(await find()).toBeUndefined();
  });

  it('does not query the database for a text that cannot be a key', async () => {
    expect(await directory.find('nonsense')).toBeUndefined();
    expect(database.waiting).toEqual([]);
  });
});
