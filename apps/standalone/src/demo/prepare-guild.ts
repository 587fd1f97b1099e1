import { createDataSource, lockStripe } from '#libs/database';
import { beginCollectionEarlier } from '#libs/statistics';
import { readFileIfPresent, writePrivateFile } from '../private-file.js';
import type { RunningSystem } from '../standalone.js';
import { StartupError } from '../startup-error.js';
import { ModuleApi, type ApiAnswer } from './module-api.js';

const KEY_NAME = 'npm run demo';

/** Enables the guild, and switches all of these on. */
export async function enableGuild(api: ModuleApi, guildId: string, names: readonly string[]): Promise<void> {
  const enabled = await api.call('POST', 'enable', { guild_id: guildId });
  if (enabled.error.name !== 'ModuleEnabledError') requireSuccess('enable the guild', enabled);
  const switches = Object.fromEntries(names.map((name) => [name, true]));
  requireSuccess('switch on all statistics', await api.call('PATCH', 'settings', { guild_id: guildId, ...switches }));
}

/**
 * Lets the collection periods of the guild begin with its history. The service counts events from before a statistic was
 * switched on, but shows that time as a gap in the collection; the history of the demo has none.
 */
export async function backdateCollection({ databaseUrl }: RunningSystem, guildId: string, since: Date): Promise<void> {
  const dataSource = createDataSource({ url: databaseUrl, poolSize: 1, applicationName: 'serverstats-demo' });
  await dataSource.initialize();
  try {
    await dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      await beginCollectionEarlier(manager, guildId, since);
    });
  } finally {
    await dataSource.destroy();
  }
}

/** The API key of the guild that an earlier demo kept in this file, if it still works, else a new one. */
export async function obtainGuildKey(api: ModuleApi, guildId: string, path: string): Promise<string> {
  const kept = (await readFileIfPresent(path))?.trim();
  if (kept && (await isAccepted(new ModuleApi(api.url, kept), guildId))) return kept;
  await revokeOwnKeys(api, guildId);
  const created = await api.callRoot<{ key: string }>('POST', 'auth/api-keys', { guild_id: guildId, name: KEY_NAME });
  const { key } = requireSuccess('create an API key', created);
  await writePrivateFile(path, `${key}\n`);
  return key;
}

async function isAccepted(api: ModuleApi, guildId: string): Promise<boolean> {
  return (await api.call('GET', `status?guild_id=${guildId}`)).status === 200;
}

/** Keys whose secret is lost. A guild can have only 25. */
async function revokeOwnKeys(api: ModuleApi, guildId: string): Promise<void> {
  const listed = await api.callRoot<{ id: string; name: string }[]>('GET', `auth/api-keys?guild_id=${guildId}`);
  for (const { id, name } of requireSuccess('list the API keys', listed)) {
    if (name === KEY_NAME) await api.callRoot('DELETE', `auth/api-keys/${id}`);
  }
}

function requireSuccess<T>(what: string, { status, data, error }: ApiAnswer<T>): T {
  if (status < 400) return data;
  throw new StartupError(`The demo could not ${what}: ${error.name}: ${error.message}`);
}
