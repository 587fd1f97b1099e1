import { Option, type Command } from 'commander';
import { createApiKey, listApiKeys, revokeApiKey } from '#libs/api-keys';
import { API_KEY_ACCESS, lockStripe, type ApiKeyAccess } from '#libs/database';
import { fieldArgument } from '../arguments.js';
import { withDatabase } from '../database-session.js';
import { keyTable } from './key-table.js';

/** `keys`: lists, creates and revokes API keys of guilds. */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('API keys of guilds');

  keys
    .command('list')
    .description('list the keys of a guild, oldest first')
    .argument('<guild>', 'id of the guild', fieldArgument('snowflake'))
    .action(listKeys);

  keys
    .command('create')
    .description('create a key for a guild and print its secret; only the secret goes to stdout')
    .argument('<guild>', 'id of the guild', fieldArgument('snowflake'))
    .requiredOption('--name <name>', 'what the key is for', fieldArgument('text'))
    .addOption(new Option('--access <access>', 'read: only GET requests').choices(API_KEY_ACCESS).default('write'))
    .action(createKey);

  keys
    .command('revoke')
    .description('revoke a key; it stops working on every instance within one second')
    .argument('<id>', 'id of the key, as `keys list` shows it', fieldArgument('uuid'))
    .action(revokeKey);
}

async function listKeys(guildId: string): Promise<void> {
  const keys = await withDatabase((dataSource) => listApiKeys(dataSource.manager, guildId));
  process.stdout.write(keys.length === 0 ? `Guild ${guildId} has no keys.\n` : keyTable(keys));
}

async function createKey(guildId: string, { name, access }: { name: string; access: ApiKeyAccess }): Promise<void> {
  const { key, secret } = await withDatabase((dataSource) =>
    dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      return createApiKey(manager, { guildId, name, access });
    }),
  );
  process.stderr.write(`Created key ${key.id} for guild ${guildId}. Its secret cannot be displayed again:\n`);
  process.stdout.write(`${secret}\n`);
}

async function revokeKey(id: string): Promise<void> {
  const existed = await withDatabase((dataSource) => revokeApiKey(dataSource.manager, id));
  if (!existed) throw new Error(`There is no key ${id}.`);
  process.stdout.write(`Revoked key ${id}.\n`);
}
