import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';

/**
 * A channel that a request is about to create, or has created and not stored yet. It is written before Discord is
 * asked: a request that dies leaves it behind, and so the channel is found again.
 */
export interface ChannelCreation {
  guildId: string;
  id: string;
  categoryId: string;
  channelName: string;
  /** Null while Discord has not answered. */
  channelId: string | null;
  begunAt: Date;
  /** Attempts to remove the channel. */
  attempts: number;
  /** When the channel could not be removed for the first time. */
  failingSince: Date | null;
}

interface ChannelCreationRow {
  guild_id: string;
  id: string;
  category_id: string;
  channel_name: string;
  channel_id: string | null;
  begun_at: Date;
  attempts: number;
  failing_since: Date | null;
}

const COLUMNS = 'guild_id, id, category_id, channel_name, channel_id, begun_at, attempts, failing_since';

export interface NewChannelCreations {
  guildId: string;
  categoryId: string;
  channelNames: readonly string[];
  begunAt: Date;
  /** By then the request has certainly ended. */
  dueAt: Date;
}

/** In the order of the names. */
export async function beginCreations(
  manager: EntityManager,
  { guildId, categoryId, channelNames, begunAt, dueAt }: NewChannelCreations,
): Promise<ChannelCreation[]> {
  const creations = channelNames.map((channelName) => ({
    guildId,
    id: randomUUID(),
    categoryId,
    channelName,
    channelId: null,
    begunAt,
    attempts: 0,
    failingSince: null,
  }));
  await manager.query(
    `INSERT INTO counter_panel_creations (guild_id, id, category_id, channel_name, begun_at, due_at)
     SELECT $1, id, $2, channel_name, $3, $4 FROM unnest($5::uuid[], $6::text[]) AS new (id, channel_name)`,
    [guildId, categoryId, begunAt, dueAt, creations.map(({ id }) => id), channelNames],
  );
  return creations;
}

export async function noteCreatedChannel(
  manager: EntityManager,
  { guildId, id, channelId }: ChannelCreation,
): Promise<void> {
  await manager.query('UPDATE counter_panel_creations SET channel_id = $3 WHERE guild_id = $1 AND id = $2', [
    guildId,
    id,
    channelId,
  ]);
}

/**
 * The channels are stored in the settings, in this very transaction.
 *
 * @returns false when somebody has begun to remove one of them; then nothing may be stored
 */
export async function finishCreations(
  manager: EntityManager,
  guildId: string,
  creations: readonly ChannelCreation[],
): Promise<boolean> {
  const [, finished] = await manager.query<[unknown, number]>(
    'DELETE FROM counter_panel_creations WHERE guild_id = $1 AND id = ANY ($2) AND NOT is_abandoned',
    [guildId, creations.map(({ id }) => id)],
  );
  return finished === creations.length;
}

/**
 * From now on the channels are to be removed, by the caller or, from `dueAt` on, by whoever finds them.
 *
 * @returns the ids of those that were not stored in the settings after all
 */
export async function abandonCreations(
  manager: EntityManager,
  guildId: string,
  creations: readonly ChannelCreation[],
  dueAt: Date,
): Promise<Set<string>> {
  const [rows] = await manager.query<[{ id: string }[], number]>(
    `UPDATE counter_panel_creations SET is_abandoned = true, due_at = $3
     WHERE guild_id = $1 AND id = ANY ($2)
     RETURNING id`,
    [guildId, creations.map(({ id }) => id), dueAt],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * The guild is being erased: the channels of its custom panels, and those that requests are creating, are to be removed.
 * Call it while the panels are still stored.
 *
 * @param dueAt until then whoever erases the guild may remove them at once
 */
export async function abandonPanelChannels(manager: EntityManager, guildId: string, dueAt: Date): Promise<void> {
  await manager.query(
    `UPDATE counter_panel_creations SET is_abandoned = true, due_at = now(), failing_since = NULL WHERE guild_id = $1`,
    [guildId],
  );
  const panels = await manager.query<{ channel_id: string; channel_name: string }[]>(
    'SELECT channel_id, channel_name FROM counter_panels WHERE guild_id = $1',
    [guildId],
  );
  // Of a channel whose id is known, nobody asks for the category.
  await manager.query(
    `INSERT INTO counter_panel_creations
       (guild_id, id, category_id, channel_name, channel_id, begun_at, due_at, is_abandoned)
     SELECT $1, id, 0, channel_name, channel_id, $2, $3, true
     FROM unnest($4::uuid[], $5::text[], $6::bigint[]) AS panels (id, channel_name, channel_id)`,
    [
      guildId,
      new Date(),
      dueAt,
      panels.map(() => randomUUID()),
      panels.map(({ channel_name }) => channel_name),
      panels.map(({ channel_id }) => channel_id),
    ],
  );
}

/** These channels are gone. */
export async function dropCreationsOf(
  manager: EntityManager,
  guildId: string,
  channelIds: readonly string[],
): Promise<void> {
  await manager.query('DELETE FROM counter_panel_creations WHERE guild_id = $1 AND channel_id = ANY ($2)', [
    guildId,
    channelIds,
  ]);
}

/** Those whose request never came to its end, and those that could not be removed yet. */
export async function findDueCreations(
  manager: EntityManager,
  nowMs: number,
  limit: number,
): Promise<{ guildId: string; id: string }[]> {
  const rows = await manager.query<{ guild_id: string; id: string }[]>(
    'SELECT guild_id, id FROM counter_panel_creations WHERE due_at <= $1 ORDER BY due_at LIMIT $2',
    [new Date(nowMs), limit],
  );
  return rows.map(({ guild_id, id }) => ({ guildId: guild_id, id }));
}

/**
 * Takes a creation in order to remove its channel; from then on its request cannot store it.
 *
 * @returns undefined when it is not due any more
 */
export async function claimCreation(
  manager: EntityManager,
  { guildId, id }: { guildId: string; id: string },
  nowMs: number,
  leaseMs: number,
): Promise<ChannelCreation | undefined> {
  const [rows] = await manager.query<[ChannelCreationRow[], number]>(
    `UPDATE counter_panel_creations SET is_abandoned = true, due_at = $4, attempts = attempts + 1
     WHERE guild_id = $1 AND id = $2 AND due_at <= $3
     RETURNING ${COLUMNS}`,
    [guildId, id, new Date(nowMs), new Date(nowMs + leaseMs)],
  );
  return rows[0] && ofRow(rows[0]);
}

/** Why a channel could not be removed. */
export interface FailedRemoval {
  /** One sentence for people. */
  error: string;
  at: Date;
  /** When to try again; null: never, unless {@link retryCreations} asks for it. */
  dueAt: Date | null;
}

/** It could not be removed. */
export async function noteFailedRemoval(
  manager: EntityManager,
  { guildId, id }: ChannelCreation,
  { error, at, dueAt }: FailedRemoval,
): Promise<void> {
  await manager.query(
    `UPDATE counter_panel_creations
     SET due_at = $3, last_error = $4, failing_since = coalesce(failing_since, $5)
     WHERE guild_id = $1 AND id = $2`,
    [guildId, id, dueAt, error, at],
  );
}

/** Tries again at once to remove what could not be removed: whoever asks may have put right what was wrong. */
export async function retryCreations(manager: EntityManager, guildId: string, now: Date): Promise<void> {
  await manager.query(
    `UPDATE counter_panel_creations SET due_at = $2, attempts = 0, failing_since = NULL
     WHERE guild_id = $1 AND failing_since IS NOT NULL`,
    [guildId, now],
  );
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
  return manager.query<UnremovedChannel[]>(
    `SELECT channel_id AS "channelId", channel_name AS "channelName", last_error AS error, due_at AS "dueAt"
     FROM counter_panel_creations
     WHERE guild_id = $1 AND channel_id IS NOT NULL AND last_error IS NOT NULL ORDER BY begun_at, id`,
    [guildId],
  );
}

/** Its channel is gone, or never was. */
export async function dropCreation(manager: EntityManager, { guildId, id }: ChannelCreation): Promise<void> {
  await manager.query('DELETE FROM counter_panel_creations WHERE guild_id = $1 AND id = $2', [guildId, id]);
}

/** Whether a request is creating a channel of this name at this moment, and does not know its id yet. */
export async function isBeingCreated(
  manager: EntityManager,
  { guildId, categoryId, channelName }: ChannelCreation,
): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `SELECT 1 FROM counter_panel_creations
     WHERE guild_id = $1 AND category_id = $2 AND channel_name = $3 AND channel_id IS NULL AND NOT is_abandoned
     LIMIT 1`,
    [guildId, categoryId, channelName],
  );
  return rows.length > 0;
}

/** The channels of the guild's custom panels, and those that requests are creating. */
export async function findCustomPanelChannels(manager: EntityManager, guildId: string): Promise<string[]> {
  const rows = await manager.query<{ channel_id: string }[]>(
    `SELECT channel_id FROM counter_panels WHERE guild_id = $1
     UNION
     SELECT channel_id FROM counter_panel_creations WHERE guild_id = $1 AND channel_id IS NOT NULL`,
    [guildId],
  );
  return rows.map(({ channel_id }) => channel_id);
}

/** Every channel of the guild that its settings, or an unfinished creation, name. */
export async function findNamedChannels(manager: EntityManager, guildId: string): Promise<Set<string>> {
  const rows = await manager.query<{ channel_id: string }[]>(
    `SELECT channel_id FROM counter_panels WHERE guild_id = $1
     UNION
     SELECT channel_id FROM counter_panel_creations WHERE guild_id = $1 AND channel_id IS NOT NULL
     UNION
     SELECT named.channel_id FROM guild_settings s
     CROSS JOIN LATERAL (VALUES
       (s.counter_panel_category_channel), (s.counter_panel_member_count_channel),
       (s.counter_panel_online_member_count_channel), (s.counter_panel_server_boost_number_channel),
       (s.starboard_channel)) AS named (channel_id)
     WHERE s.guild_id = $1 AND named.channel_id IS NOT NULL`,
    [guildId],
  );
  return new Set(rows.map(({ channel_id }) => channel_id));
}

function ofRow(row: ChannelCreationRow): ChannelCreation {
  return {
    guildId: row.guild_id,
    id: row.id,
    categoryId: row.category_id,
    channelName: row.channel_name,
    channelId: row.channel_id,
    begunAt: row.begun_at,
    attempts: row.attempts,
    failingSince: row.failing_since,
  };
}
