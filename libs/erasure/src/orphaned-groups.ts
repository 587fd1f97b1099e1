import type { EntityManager } from 'typeorm';
import { MEMBER_DIMENSIONS } from '#libs/contracts';
import { existingPartitions, partitionsOfGuild, readEventHorizon } from '#libs/database';

/**
 * Deletes groups that name members, of days whose events were dropped. Nothing reads these groups, but they exist until their
 * partition is dropped, and without events the erasure could not find those that name a member.
 */
export async function eraseOrphanedGroups(manager: EntityManager, guildId: string): Promise<void> {
  const horizon = await readEventHorizon(manager);
  const table = 'statistic_groups';
  const firstKept = `${table}_${horizon.toISOString().slice(0, 10).replaceAll('-', '')}`;
  const names = [...(await existingPartitions(manager, { table }))];
  const before = names.filter((name) => name < firstKept || name === `${table}_default`);
  for (const partition of await partitionsOfGuild(manager, before, guildId)) {
    await manager.query(`DELETE FROM "${partition}" WHERE guild_id = $1 AND dimension = ANY ($2) AND bucket < $3`, [
      guildId,
      MEMBER_DIMENSIONS,
      horizon,
    ]);
  }
}
