import { randomUUID } from 'node:crypto';
import { In, IsNull, Not, type EntityManager } from 'typeorm';
import { ChannelCreation, Counter, databaseNow, WorkList, type ClaimedRow } from '#libs/database';

interface CreationKey {
  guildId: string;
  id: string;
}

type CreationRow = Pick<ChannelCreation, 'categoryId' | 'channelName' | 'channelId' | 'begunAt'>;

/** What tells which channel a creation made. */
export type CreatedChannel = CreationKey & CreationRow;

export type ClaimedCreation = ClaimedRow<CreationKey, CreationRow>;

/** What a removal may take is less. */
const LEASE_MS = 120_000;
/** What Discord has refused for so long is given up, as with posts of the starboard that have to go. */
const HOPELESS_AFTER_MS = 30 * 86_400_000;

/**
 * Creations whose request never came to its end, and those whose channel could not be removed yet. Whoever claims one
 * removes its channel; from then on its request cannot store it.
 */
export const abandonedCreations = new WorkList<CreationKey, CreationRow>({
  table: 'counter_panel_creations',
  key: { guildId: 'guild_id', id: 'id' },
  row: { categoryId: 'category_id', channelName: 'channel_name', channelId: 'channel_id', begunAt: 'begun_at' },
  leaseMs: LEASE_MS,
  pauses: { firstMs: 60_000, longestMs: 6 * 60 * 60_000 },
  hopelessAfterMs: () => HOPELESS_AFTER_MS,
  setOnClaim: 'is_abandoned = true',
});

export interface NewChannelCreations {
  guildId: string;
  categoryId: string;
  channelNames: readonly string[];
  /** After so many milliseconds the request has certainly ended. */
  deadAfterMs: number;
}

/** In the order of the names. */
export async function beginCreations(
  manager: EntityManager,
  { guildId, categoryId, channelNames, deadAfterMs }: NewChannelCreations,
): Promise<CreatedChannel[]> {
  const now = await databaseNow(manager);
  const creations = channelNames.map((channelName) => ({
    guildId,
    id: randomUUID(),
    categoryId,
    channelName,
    channelId: null,
    begunAt: new Date(now),
    dueAt: new Date(now + deadAfterMs),
    isAbandoned: false,
  }));
  await manager.getRepository(ChannelCreation).insert(creations);
  return creations;
}

export async function noteCreatedChannel(
  manager: EntityManager,
  { guildId, id, channelId }: CreatedChannel,
): Promise<void> {
  await manager.getRepository(ChannelCreation).update({ guildId, id }, { channelId });
}

/**
 * The channels are stored in the settings, in this very transaction.
 *
 * @returns false when somebody has begun to remove one of them; then nothing may be stored
 */
export async function finishCreations(
  manager: EntityManager,
  guildId: string,
  creations: readonly CreatedChannel[],
): Promise<boolean> {
  const ids = creations.map(({ id }) => id);
  const { affected } = await manager
    .getRepository(ChannelCreation)
    .delete({ guildId, id: In(ids), isAbandoned: false });
  return affected === creations.length;
}

/**
 * From now on the channels are to be removed, by the caller or, after so many milliseconds, by whoever finds them.
 *
 * @returns the ids of those that were not stored in the settings after all
 */
export async function abandonCreations(
  manager: EntityManager,
  guildId: string,
  creations: readonly CreatedChannel[],
  leftAfterMs: number,
): Promise<Set<string>> {
  const now = await databaseNow(manager);
  const [rows] = await manager.query<[{ id: string }[], number]>(
    `UPDATE counter_panel_creations SET is_abandoned = true, due_at = $3
     WHERE guild_id = $1 AND id = ANY ($2)
     RETURNING id`,
    [guildId, creations.map(({ id }) => id), new Date(now + leftAfterMs)],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * The guild is being erased: the channels of its custom panels, and those that requests are creating, are to be
 * removed. Call it while the panels are still stored.
 *
 * @param leftAfterMs for so many milliseconds whoever erases the guild may remove them at once
 */
export async function abandonPanelChannels(
  manager: EntityManager,
  guildId: string,
  leftAfterMs: number,
): Promise<void> {
  const now = await databaseNow(manager);
  const creations = manager.getRepository(ChannelCreation);
  await creations.update({ guildId }, { isAbandoned: true, dueAt: new Date(now), failingSince: null });
  const panels = await manager.getRepository(Counter).findBy({ guildId, source: 'panel' });
  await creations.insert(
    panels.map(({ channelId, channelName }) => ({
      guildId,
      id: randomUUID(),
      // Of a channel whose id is known, nobody asks for the category.
      categoryId: '0',
      channelName: channelName!, // every panel has one
      channelId,
      begunAt: new Date(now),
      dueAt: new Date(now + leftAfterMs),
      isAbandoned: true,
    })),
  );
}

/** These channels are gone. */
export async function dropCreationsOf(
  manager: EntityManager,
  guildId: string,
  channelIds: readonly string[],
): Promise<void> {
  await manager.getRepository(ChannelCreation).delete({ guildId, channelId: In(channelIds) });
}

/**
 * It could not be removed.
 *
 * @param error one sentence for people
 * @param isGivenUp whether nobody tries again, unless {@link retryCreations} asks for it
 */
export async function noteFailedRemoval(
  manager: EntityManager,
  creation: ClaimedCreation,
  error: string,
  isGivenUp: boolean,
): Promise<void> {
  const set = () => ({ last_error: error });
  await abandonedCreations.fail(manager, creation, isGivenUp ? { due: () => 'NULL', set } : { set });
}

/** Tries again at once to remove what could not be removed: whoever asks may have put right what was wrong. */
export async function retryCreations(manager: EntityManager, guildId: string): Promise<void> {
  const dueAt = new Date(await databaseNow(manager));
  await manager
    .getRepository(ChannelCreation)
    .update({ guildId, failingSince: Not(IsNull()) }, { dueAt, attempts: 0, failingSince: null });
}

/** A channel that belongs to no counter any more, and could not be removed. */
export interface UnremovedChannel {
  channelId: string;
  channelName: string;
  /** One sentence for people. */
  error: string;
  /** When it is tried again; null: that was given up. */
  dueAt: Date | null;
}

/** Those whose id is known. */
export async function findUnremovedChannels(manager: EntityManager, guildId: string): Promise<UnremovedChannel[]> {
  const creations = await manager.getRepository(ChannelCreation).find({
    where: { guildId, channelId: Not(IsNull()), lastError: Not(IsNull()) },
    order: { begunAt: 'ASC', id: 'ASC' },
  });
  return creations.map(({ channelId, channelName, lastError, dueAt }) => ({
    channelId: channelId!,
    channelName,
    error: lastError!,
    dueAt,
  }));
}

/** Its channel is gone, or never was. */
export async function dropCreation(manager: EntityManager, { guildId, id }: CreationKey): Promise<void> {
  await manager.getRepository(ChannelCreation).delete({ guildId, id });
}

/** Whether a request is creating a channel of this name at this moment, and does not know its id yet. */
export function isBeingCreated(
  manager: EntityManager,
  { guildId, categoryId, channelName }: CreatedChannel,
): Promise<boolean> {
  const namesake = { guildId, categoryId, channelName, channelId: IsNull(), isAbandoned: false };
  return manager.getRepository(ChannelCreation).existsBy(namesake);
}

/** The channels of the guild's custom panels, and those that requests are creating. */
export async function findCustomPanelChannels(manager: EntityManager, guildId: string): Promise<string[]> {
  const rows = await manager.query<{ channel_id: string }[]>(
    `SELECT channel_id FROM counters WHERE guild_id = $1 AND source = 'panel'
     UNION
     SELECT channel_id FROM counter_panel_creations WHERE guild_id = $1 AND channel_id IS NOT NULL`,
    [guildId],
  );
  return rows.map(({ channel_id }) => channel_id);
}

/** Every channel of the guild that its settings, or an unfinished creation, name. */
export async function findNamedChannels(manager: EntityManager, guildId: string): Promise<Set<string>> {
  const rows = await manager.query<{ channel_id: string }[]>(
    `SELECT channel_id FROM counters WHERE guild_id = $1
     UNION
     SELECT channel_id FROM counter_panel_creations WHERE guild_id = $1 AND channel_id IS NOT NULL
     UNION
     SELECT named.channel_id FROM guild_settings s
     CROSS JOIN LATERAL (VALUES (s.counter_panel_category_channel), (s.starboard_channel)) AS named (channel_id)
     WHERE s.guild_id = $1 AND named.channel_id IS NOT NULL`,
    [guildId],
  );
  return new Set(rows.map(({ channel_id }) => channel_id));
}
