import type { ApiClient } from '../harness/api-client.js';
import type { TestDatabase } from '../harness/test-database.js';
import type { ApiKeyName } from './credentials.js';

/**
 * The guilds of the fuzz run. The kept guilds get only good events and events that must be refused, so their records
 * are known. The wild guilds get arbitrary requests and events.
 */
export const KEPT_GUILDS = ['1310000000000000001', '1310000000000000002', '1310000000000000003'];
export const WILD_GUILDS = ['1320000000000000001', '1320000000000000002', '1320000000000000003'];
/** Guilds that only the requests of the fuzz run enable. */
export const SHUT_GUILDS = ['1325000000000000001', '1325000000000000002'];
/** Enabled with all statistics off. */
export const QUIET_GUILD = '1330000000000000001';
export const DISABLED_GUILD = '1340000000000000001';
export const UNSEEN_GUILD = '1350000000000000001';

/** The guild of a key that is used for other guilds. No request names it. */
const FOREIGN_GUILD = '1360000000000000001';

/** Guilds that must never have stored events. */
export const EMPTY_GUILDS = [QUIET_GUILD, DISABLED_GUILD, UNSEEN_GUILD];

/** A guild has at most 25 keys. */
const SPARE_KEYS = 20;

export async function openGuilds(api: ApiClient): Promise<void> {
  for (const guild of [...KEPT_GUILDS, ...WILD_GUILDS]) await api.openGuild(guild);
  await api.send('POST', 'enable', { guild_id: QUIET_GUILD });
  await api.send('POST', 'enable', { guild_id: DISABLED_GUILD });
  await api.send('POST', 'disable', { guild_id: DISABLED_GUILD });
}

/** Opens the wild guilds that the fuzz run has disabled or erased. */
export async function reopenWildGuilds(api: ApiClient, database: TestDatabase): Promise<void> {
  const rows = await database.query<{ guild_id: string }>('SELECT guild_id FROM guild_settings WHERE enabled');
  const open = new Set(rows.map(({ guild_id: guildId }) => guildId));
  for (const guild of WILD_GUILDS) {
    // Another task may open it at the same time.
    if (!open.has(guild)) await api.openGuild(guild).catch(() => undefined);
  }
}

/** Creates the API keys for requests. @returns the secrets */
export async function makeApiKeys(api: ApiClient): Promise<Record<ApiKeyName, string>> {
  const [wildGuild] = WILD_GUILDS as [string, ...string[]];
  const revoked = await makeApiKey(api, wildGuild);
  await api.request(`/auth/api-keys/${revoked.id}`, { method: 'DELETE' });
  return {
    read: (await makeApiKey(api, wildGuild, 'read')).key,
    write: (await makeApiKey(api, wildGuild)).key,
    foreign: (await makeApiKey(api, FOREIGN_GUILD)).key,
    revoked: revoked.key,
  };
}

/** Creates API keys that requests may revoke. @returns the ids */
export async function makeSpareApiKeys(api: ApiClient): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < SPARE_KEYS; n++) ids.push((await makeApiKey(api, FOREIGN_GUILD)).id);
  return ids;
}

async function makeApiKey(api: ApiClient, guildId: string, access?: string): Promise<{ id: string; key: string }> {
  const { data, error } = await api.request<{ id: string; key: string }>('/auth/api-keys', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ guild_id: guildId, name: 'fuzz', access }),
  });
  if (error.name !== undefined) throw new Error(JSON.stringify(error));
  return data;
}
