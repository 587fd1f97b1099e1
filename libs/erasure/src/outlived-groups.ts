import type { EntityManager } from 'typeorm';
import { DIMENSIONS } from '#libs/contracts';
import { existingPartitions, readEventHorizon } from '#libs/database';
import { partitionsOfGuild } from './partition-reads.js';

/**
 * Deletes groups by user of days whose events are gone: they are of no use any more, but stay until their partition can
 * be dropped, and no event leads to those that name the member.
 */
export async function eraseOutlivedGroups(manager: EntityManager, guildId: string): Promise<void> {
  const horizon = await readEventHorizon(manager);
  const table = 'statistic_groups';
  const firstKept = `${table}_${horizon.toISOString().slice(0, 10).replaceAll('-', '')}`;
  const names = [...(await existingPartitions(manager, { table }))];
  const before = names.filter((name) => name < firstKept || name === `${table}_default`);
  for (const partition of await partitionsOfGuild(manager, before, guildId)) {
    await manager.query(`DELETE FROM "${partition}" WHERE guild_id = $1 AND dimension = $2 AND bucket < $3`, [
      guildId,
      DIMENSIONS.user.number,
      horizon,
    ]);
  }
}
