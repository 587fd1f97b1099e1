import { isDeepStrictEqual } from 'node:util';
import type { CompiledKind } from '#libs/contracts';
import type { ApiClient } from '../harness/api-client.js';
import { KEPT_GUILDS } from './guilds.js';
import { identityOf } from './message-ledger.js';

const MOST_SHOWN = 20;

/** Describes records of the kept guilds that are missing, duplicate, or different from what was sent. */
export async function mistakesInRecords(
  api: ApiClient,
  kinds: readonly CompiledKind[],
  sent: ReadonlyMap<string, Record<string, unknown>>,
): Promise<string[]> {
  const missing = new Map(sent);
  const mistakes: string[] = [];
  for (const guildId of KEPT_GUILDS) {
    for (const { name, definition } of kinds) {
      for (const record of await api.walk(definition.viewPath, { guild_id: guildId })) {
        const identity = identityOf(name, record);
        const expected = missing.get(identity);
        missing.delete(identity);
        if (expected === undefined) mistakes.push(`never sent, or stored twice: ${name} ${JSON.stringify(record)}`);
        else if (!isDeepStrictEqual({ ...record }, expected)) {
          mistakes.push(`${name} ${JSON.stringify(record)} was sent as ${JSON.stringify(expected)}`);
        }
      }
    }
  }
  for (const [identity, record] of missing) mistakes.push(`lost: ${identity} ${JSON.stringify(record)}`);
  return mistakes.slice(0, MOST_SHOWN);
}
