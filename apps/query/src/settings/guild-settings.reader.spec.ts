import type { GuildSettings } from '#libs/database';
import type { GuildDatabase } from '../database/guild-database.js';
import { GuildSettingsReader } from './guild-settings.reader.js';

interface Statement {
  answer(guildIds: readonly string[]): void;
  fail(error: Error): void;
}

describe('GuildSettingsReader', () => {
  let statements: Statement[];
  let reader: GuildSettingsReader;

  beforeEach(() => {
    statements = [];
    const database = {
      readSettings: () =>
        new Promise<GuildSettings[]>((resolve, reject) => {
          const settingsOf = (guildId: string) => ({ guildId, enabled: true }) as GuildSettings;
          statements.push({ answer: (guildIds) => resolve(guildIds.map(settingsOf)), fail: reject });
        }),
    };
    reader = new GuildSettingsReader(database as unknown as GuildDatabase);
  });

  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('should read the settings of concurrent requests in one statement', async () => {
    const found = Promise.all([reader.find('1'), reader.find('2'), reader.find('1'), reader.find('3')]);
    await nextTurn();
    expect(statements).toHaveLength(1);
    statements[0]!.answer(['1', '2']);
    const guildIds = (await found).map((settings) => settings?.guildId);
    expect(guildIds).toEqual(['1', '2', '1', undefined]);
  });

  it('should never use a statement that was sent before the request, because the settings may have changed', async () => {
    const first = reader.find('1');
    await nextTurn();
    const second = reader.find('1');
    await nextTurn();
    expect(statements).toHaveLength(2);
    statements[0]!.answer([]);
    statements[1]!.answer(['1']);
    expect(await first).toBeNull();
    expect(await second).toMatchObject({ guildId: '1' });
  });

  it('should fail all requests of a failed statement, and none of the next', async () => {
    const failed = [reader.find('1'), reader.find('2')];
    await nextTurn();
    const next = reader.find('1');
    await nextTurn();
    const error = new Error('the database is unavailable');
    statements[0]!.fail(error);
    statements[1]!.answer(['1']);
    for (const one of failed) await expect(one).rejects.toBe(error);
    expect(await next).toMatchObject({ guildId: '1' });
  });
});
