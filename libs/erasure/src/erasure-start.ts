import type { EntityManager } from 'typeorm';
import { findErasureJob, NOTHING_ERASED, type ErasureJob, type ErasureTarget } from './erasure-jobs.js';
import { ERASED_TABLES } from './erased-tables.js';
import { eraseGuildSettings } from './guild-erasure.js';
import { noReferences } from './member-references.js';
import { WHOLE_GUILD, writeGuildTombstone, writeMemberTombstone } from './tombstones.js';

/** @returns the job; an existing job continues up to the new tombstone */
export async function startMember(manager: EntityManager, target: ErasureTarget): Promise<ErasureJob> {
  const { guildId, userId } = target;
  return memberJob(manager, target, await writeMemberTombstone(manager, guildId, userId));
}

/** @param beforeMessage starboard entries of messages from this id on are kept */
export async function memberJob(
  manager: EntityManager,
  target: ErasureTarget,
  before: string,
  beforeMessage?: string,
): Promise<ErasureJob> {
  const { erased = noReferences(), position } = (await findErasureJob(manager, target)) ?? {};
  return eraseSmallRows(manager, { ...target, before, erased, position }, beforeMessage);
}

/** Erases the member from all tables but events. @returns the updated job */
export async function eraseSmallRows(
  manager: EntityManager,
  job: ErasureJob,
  beforeMessage?: string,
): Promise<ErasureJob> {
  const { guildId, userId, erased, position } = job;
  let starboardEntries = 0;
  for (const { eraseMember } of ERASED_TABLES) {
    starboardEntries += (await eraseMember?.(manager, { guildId, userId, beforeMessage })) ?? 0;
  }
  const sum = { ...erased, starboardEntries: erased.starboardEntries + starboardEntries };
  return { ...job, erased: sum, position: position === NOTHING_ERASED ? undefined : position };
}

/** As {@link startMember}. */
export async function startGuild(manager: EntityManager, guildId: string, before?: Date): Promise<ErasureJob> {
  return guildJob(manager, guildId, await writeGuildTombstone(manager, guildId, before));
}

export async function guildJob(manager: EntityManager, guildId: string, before: string): Promise<ErasureJob> {
  const target = { guildId, userId: WHOLE_GUILD };
  await eraseGuildSettings(manager, guildId);
  const { position } = (await findErasureJob(manager, target)) ?? {};
  return { ...target, before, erased: noReferences(), position };
}
