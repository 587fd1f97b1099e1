import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { snowflakeTime } from '#libs/contracts';
import { databaseNow, lockStripesShared, StarboardEntry } from '#libs/database';
import { REGULAR_LOOK_INTERVAL_MS, type StarredMessage } from '#libs/starboard';

export interface StarboardSettings {
  channelId: string;
  /** The number of stars that a message needs. */
  count: number;
}

/** An entry that may have a post in Discord. */
export type ActiveEntry = StarboardEntry & { entryChannelId: string; reservedAt: Date };

/** A message that another one forwards. */
export interface ForwardedMessage {
  messageId: string;
  authorId: string;
}

export interface Reservation extends StarredMessage {
  authorId: string;
  /** The forwarded message, if the bot may read it. */
  origin?: ForwardedMessage;
  entryChannelId: string;
  reservedAt: Date;
}

/** Reads and changes entries of the starboard. */
@Injectable()
export class StarboardEntries {
  constructor(private readonly dataSource: DataSource) {}

  /** Undefined if the module or the starboard is off. */
  async settings(guildId: string): Promise<StarboardSettings | undefined> {
    const [settings] = await this.dataSource.query<StarboardSettings[]>(
      `SELECT starboard_channel AS "channelId", starboard_count AS count FROM guild_settings
       WHERE guild_id = $1 AND enabled AND starboard_enabled
         AND starboard_channel IS NOT NULL AND starboard_count IS NOT NULL`,
      [guildId],
    );
    return settings;
  }

  async find(guildId: string, messageId: string): Promise<StarboardEntry | null> {
    return this.dataSource.getRepository(StarboardEntry).findOneBy({ guildId, messageId });
  }

  /** Whether this message is itself the post of an entry. */
  async isPost(guildId: string, messageId: string): Promise<boolean> {
    return this.dataSource.getRepository(StarboardEntry).existsBy({ guildId, entryMessageId: messageId });
  }

  /** Whether the author was erased after this message was written. */
  async isErased(guildId: string, authorId: string, messageId: string): Promise<boolean> {
    return isErased(this.dataSource.manager, guildId, { authorId, messageId });
  }

  /** Stores the author of the replied-to message that a post names. @param authorId undefined: none */
  async saveReplyAuthor(guildId: string, entryMessageId: string, authorId: string | undefined): Promise<void> {
    const entry = { guildId, entryMessageId, replyAuthorId: IsNull() };
    await this.dataSource.getRepository(StarboardEntry).update(entry, { replyAuthorId: authorId ?? NOBODY });
  }

  /**
   * Reserves the one entry that a message can have, before it is posted.
   *
   * @returns undefined, and stores nothing, if the settings have changed, or the author or the author of the forwarded
   *   message was erased
   */
  async reserve(reservation: Reservation): Promise<ActiveEntry | undefined> {
    const { guildId, messageId, channelId, reservedAt, origin } = reservation;
    await this.underSettings(guildId, (manager) =>
      manager.query(
        `INSERT INTO starboard_entries
           (guild_id, message_id, author_id, entry_channel_id, channel_id, state, reserved_at, updated_at,
            origin_author_id, look_at)
         SELECT s.guild_id, $2, $3, $4, $6, 'reserved', $7, $7, $8, $10 FROM guild_settings s
         WHERE s.guild_id = $1 AND ${MAY_BE_POSTED} AND NOT ${wasErased('$8::bigint', '$9')}
         ON CONFLICT DO NOTHING`,
        [
          ...conditionsOf(reservation),
          channelId,
          reservedAt,
          origin?.authorId ?? null,
          writtenAt(origin?.messageId),
          new Date(reservedAt.getTime() + REGULAR_LOOK_INTERVAL_MS),
        ],
      ),
    );
    const entry = await this.find(guildId, messageId);
    const isOurs = entry?.state === 'reserved' && entry.reservedAt?.getTime() === reservedAt.getTime();
    return isOurs ? (entry as ActiveEntry) : undefined;
  }

  /** Whether a reservation may still be posted. */
  async mayStillBePosted(entry: ActiveEntry): Promise<boolean> {
    const rows = await this.underSettings(entry.guildId, (manager) =>
      manager.query<unknown[]>(
        `SELECT FROM starboard_entries e JOIN guild_settings s ON s.guild_id = e.guild_id
         WHERE e.guild_id = $1 AND e.message_id = $2 AND e.state = 'reserved' AND e.reserved_at = $6
           AND ${MAY_BE_POSTED}`,
        [...conditionsOf(entry), entry.reservedAt],
      ),
    );
    return rows.length > 0;
  }

  /**
   * Stores that the reserved entry was posted. If the entry was deleted meanwhile, because its author was erased, this
   * adds a task that deletes the post. If the post names a replied-to author who was erased meanwhile, this adds a task
   * that removes the name.
   *
   * @param shown what the post shows; `starCount` is null if unknown
   * @returns whether the entry still exists
   */
  async finish(
    { guildId, messageId, entryChannelId, reservedAt }: ActiveEntry,
    entryMessageId: string,
    { starCount, named }: { starCount: number | null; named?: { authorId: string; messageId: string } },
    now: number,
  ): Promise<boolean> {
    return this.underSettings(guildId, async (manager) => {
      const namesErased = named !== undefined && (await isErased(manager, guildId, named));
      const [, finished] = await manager.query<[unknown[], number]>(
        `UPDATE starboard_entries SET state = 'posted', entry_message_id = $4, star_count = $5, updated_at = $6,
           reply_author_id = $7
         WHERE guild_id = $1 AND message_id = $2 AND reserved_at = $3
           AND (state = 'reserved' OR (state = 'posted' AND entry_message_id = $4))`,
        [
          guildId,
          messageId,
          reservedAt,
          entryMessageId,
          starCount,
          new Date(now),
          namesErased ? null : (named?.authorId ?? NOBODY),
        ],
      );
      const task = finished === 0 ? 'remove' : namesErased ? 'unname' : undefined;
      if (task !== undefined) {
        await manager.query(
          `INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, due_at)
           VALUES ($1, $2, $5, $3, $4, $4) ON CONFLICT DO NOTHING`,
          [guildId, entryMessageId, entryChannelId, new Date(await databaseNow(manager)), task],
        );
      }
      return finished > 0;
    });
  }

  /** @param starCount null if the shown number is unknown */
  async setCount(entry: ActiveEntry, starCount: number | null, now: number): Promise<void> {
    await this.update(entry, { starCount, updatedAt: new Date(now) });
  }

  /** Somebody deleted the post. */
  async withdraw(entry: ActiveEntry, now: number): Promise<void> {
    await this.update(entry, { state: 'withdrawn', updatedAt: new Date(now) });
  }

  /** Called before the post is deleted, so that the deletion is not attributed to somebody else. */
  async startRemoving(entry: ActiveEntry, now: number): Promise<void> {
    await this.update(entry, { state: 'removing', updatedAt: new Date(now) });
  }

  /** Deletes a reservation for which certainly nothing was posted. A later run may reserve the message again. */
  async release({ guildId, messageId, reservedAt }: ActiveEntry): Promise<void> {
    const state = 'reserved';
    await this.dataSource.getRepository(StarboardEntry).delete({ guildId, messageId, reservedAt, state });
  }

  async drop({ guildId, messageId, reservedAt }: ActiveEntry): Promise<void> {
    await this.dataSource.getRepository(StarboardEntry).delete({ guildId, messageId, reservedAt });
  }

  private async update(
    { guildId, messageId, reservedAt }: ActiveEntry,
    changes: Partial<Pick<StarboardEntry, 'state' | 'starCount' | 'updatedAt'>>,
  ): Promise<void> {
    await this.dataSource.getRepository(StarboardEntry).update({ guildId, messageId, reservedAt }, changes);
  }

  /** Runs a transaction in which settings and tombstones cannot change. */
  private underSettings<T>(guildId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await lockStripesShared(manager, [guildId]);
      return work(manager);
    });
  }
}

/** In `reply_author_id`. No Discord id is 0. */
const NOBODY = '0';

async function isErased(
  manager: EntityManager,
  guildId: string,
  { authorId, messageId }: { authorId: string; messageId: string },
): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `SELECT FROM erasure_tombstones t WHERE t.guild_id = $1 AND t.user_id = $2 AND t.before > $3`,
    [guildId, authorId, new Date(snowflakeTime(messageId))],
  );
  return rows.length > 0;
}

export function isActive(entry: StarboardEntry): entry is ActiveEntry {
  return entry.state !== 'withdrawn';
}

/** SQL condition for a message ($2) of an author ($3), written at $5, and a starboard channel ($4) of the guild `s`. */
const MAY_BE_POSTED = `s.enabled AND s.starboard_enabled AND s.starboard_channel = $4 AND NOT ${wasErased('$3', '$5')}`;

/** SQL condition: the member was erased in the guild `s` after this time. False for null. */
function wasErased(member: string, time: string): string {
  return `EXISTS (
    SELECT FROM erasure_tombstones t WHERE t.guild_id = s.guild_id AND t.user_id = ${member} AND t.before > ${time})`;
}

function writtenAt(messageId: string | undefined): Date | null {
  return messageId === undefined ? null : new Date(snowflakeTime(messageId));
}

function conditionsOf(entry: Pick<Reservation, 'guildId' | 'messageId' | 'authorId' | 'entryChannelId'>): unknown[] {
  const { guildId, messageId, authorId, entryChannelId } = entry;
  return [guildId, messageId, authorId, entryChannelId, writtenAt(messageId)];
}
