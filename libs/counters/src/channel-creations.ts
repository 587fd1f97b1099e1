import { randomUUID } from 'node:crypto';
import { In, IsNull, Not, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { ChannelCreation, Counter, databaseNow, WorkList, type ClaimedRow } from '#libs/database';

interface CreationKey {
  guildId: string;
  id: string;
}

type CreationRow = Pick<ChannelCreation, 'categoryId' | 'channelName' | 'channelId' | 'begunAt'>;

/** Identifies the channel of a creation. */
export type CreatedChannel = CreationKey & CreationRow;

export type ClaimedCreation = ClaimedRow<CreationKey, CreationRow>;

/** The counters whose channels this system created. */
const CREATED: FindOptionsWhere<Counter>[] = [{ source: 'panel' }, { isCreated: true }];

/** Longer than the deadline of a removal. */
const LEASE_MS = 120_000;
/** After this time a removal that Discord refuses is given up, as with the removal of starboard posts. */
const HOPELESS_AFTER_MS = 30 * 86_400_000;

/**
 * Creations whose request did not finish, or whose channel could not be removed yet. The worker that claims one removes
 * its channel. From then on, the request can no longer store it.
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
  /** After this time the request has certainly ended. */
  deadAfterMs: number;
}

/** Stores creations before the calls to Discord. @returns them in the order of the names */
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

export async function saveCreatedChannel(
  manager: EntityManager,
  { guildId, id, channelId }: CreatedChannel,
): Promise<void> {
  await manager.getRepository(ChannelCreation).update({ guildId, id }, { channelId });
}

/**
 * Deletes the creations, because the same transaction stores their channels in the settings.
 *
 * @returns false if the removal of one of them has started; then the transaction must not store anything
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
 * Marks the channels for removal. The caller removes them; after `graceMs`, any worker does.
 *
 * @returns the ids of the creations that still existed, so that their channels are not stored in the settings
 */
export async function abandonCreations(
  manager: EntityManager,
  guildId: string,
  creations: readonly CreatedChannel[],
  graceMs: number,
): Promise<Set<string>> {
  const now = await databaseNow(manager);
  const [rows] = await manager.query<[{ id: string }[], number]>(
    `UPDATE counter_panel_creations SET is_abandoned = true, due_at = $3
     WHERE guild_id = $1 AND id = ANY ($2)
     RETURNING id`,
    [guildId, creations.map(({ id }) => id), new Date(now + graceMs)],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Marks the channels that were created for counters of a guild, and those that requests are creating, for removal,
 * because the guild is being erased. Call this before the counters are deleted.
 *
 * @param graceMs time for the caller to remove the channels; after it, any worker removes them
 */
export async function abandonCreatedChannels(manager: EntityManager, guildId: string, graceMs: number): Promise<void> {
  const now = await databaseNow(manager);
  const creations = manager.getRepository(ChannelCreation);
  await creations.update({ guildId }, { isAbandoned: true, dueAt: new Date(now), failingSince: null });
  const created = await manager.getRepository(Counter).findBy(CREATED.map((condition) => ({ guildId, ...condition })));
  await creations.insert(
    created.map(({ channelId, channelName, type }) => ({
      guildId,
      id: randomUUID(),
      // The category is not used if the channel id is known.
      categoryId: '0',
      channelName: channelName ?? type,
      channelId,
      begunAt: new Date(now),
      dueAt: new Date(now + graceMs),
      isAbandoned: true,
    })),
  );
}

/** Deletes the creations of channels that no longer exist. */
export async function dropCreationsOf(
  manager: EntityManager,
  guildId: string,
  channelIds: readonly string[],
): Promise<void> {
  await manager.getRepository(ChannelCreation).delete({ guildId, channelId: In(channelIds) });
}

/**
 * Stores that a removal has failed.
 *
 * @param error one sentence for people
 * @param isGivenUp whether it is retried only after {@link retryRemovals}
 */
export async function saveFailedRemoval(
  manager: EntityManager,
  creation: ClaimedCreation,
  error: string,
  isGivenUp: boolean,
): Promise<void> {
  const set = () => ({ last_error: error });
  await abandonedCreations.fail(manager, creation, isGivenUp ? { due: () => 'NULL', set } : { set });
}

/** Makes failed removals due now, because the cause may have been repaired. */
export async function retryRemovals(manager: EntityManager, guildId: string): Promise<void> {
  const dueAt = new Date(await databaseNow(manager));
  await manager
    .getRepository(ChannelCreation)
    .update({ guildId, failingSince: Not(IsNull()) }, { dueAt, attempts: 0, failingSince: null });
}

/** A channel that no counter uses any more and that could not be removed. */
export interface UnremovedChannel {
  channelId: string;
  channelName: string;
  /** One sentence for people. */
  error: string;
  /** The next attempt. Null: given up. */
  dueAt: Date | null;
}

/** The channels with a known id. */
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

/** Deletes a creation whose channel does not exist. */
export async function dropCreation(manager: EntityManager, { guildId, id }: CreationKey): Promise<void> {
  await manager.getRepository(ChannelCreation).delete({ guildId, id });
}

/** Whether a request is currently creating a channel with this name, so that its id is not known yet. */
export function isBeingCreated(
  manager: EntityManager,
  { guildId, categoryId, channelName }: CreatedChannel,
): Promise<boolean> {
  const sameName = { guildId, categoryId, channelName, channelId: IsNull(), isAbandoned: false };
  return manager.getRepository(ChannelCreation).existsBy(sameName);
}

/** The channels that were created for counters of the guild, and those that requests are creating. */
export async function findCreatedChannels(manager: EntityManager, guildId: string): Promise<string[]> {
  const rows = await manager.query<{ channel_id: string }[]>(
    `SELECT channel_id FROM counters WHERE guild_id = $1 AND (source = 'panel' OR is_created)
     UNION
     SELECT channel_id FROM counter_panel_creations WHERE guild_id = $1 AND channel_id IS NOT NULL`,
    [guildId],
  );
  return rows.map(({ channel_id }) => channel_id);
}

/** All channels that the guild's settings or unfinished creations refer to. */
export async function findReferencedChannels(manager: EntityManager, guildId: string): Promise<Set<string>> {
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
