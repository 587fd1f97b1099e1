import type { EntityManager } from 'typeorm';
import { DIMENSIONS } from '#libs/contracts';
import { existingPartitions, readEventHorizon } from '#libs/database';
import { partitionsOfGuild } from './partition-reads.js';

/**
 * Deletes groups by user of days whose events were dropped. Nothing reads these groups, but they exist until their
 * partition is dropped, and without events the erasure could not find those that name a member.
 */
export async function eraseOrphanedGroups(manager: EntityManager, guildId: string): Promise<void> {
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
