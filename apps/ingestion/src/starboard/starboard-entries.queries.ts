import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { snowflakeTime } from '#libs/contracts';
import { BETWEEN_REGULAR_LOOKS_MS, lockStripesShared, StarboardEntry, type StarredMessage } from '#libs/database';

export interface StarboardSettings {
  channelId: string;
  /** The stars that a message needs. */
  count: number;
}

/** An entry of which there may be a post in Discord. */
export type LivingEntry = StarboardEntry & { entryChannelId: string; reservedAt: Date };

export interface Reservation extends StarredMessage {
  authorId: string;
  entryChannelId: string;
  reservedAt: Date;
}

/** What the starboard's entries are, and the conditions on which they change. */
@Injectable()
export class StarboardEntries {
  constructor(private readonly dataSource: DataSource) {}

  /** Undefined when module or starboard are off. */
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

  /** Whether the author had everything erased that was written before some moment after this message. */
  async isErased(guildId: string, authorId: string, messageId: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `SELECT FROM erasure_tombstones t WHERE t.guild_id = $1 AND t.user_id = $2 AND t.before > $3`,
      [guildId, authorId, new Date(snowflakeTime(messageId))],
    );
    return rows.length > 0;
  }

  /**
   * Reserves the one entry that a message can have, before it is posted.
   *
   * @returns undefined, with nothing stored, when the settings are others by now, or the author was erased
   */
  async reserve(reservation: Reservation): Promise<LivingEntry | undefined> {
    const { guildId, messageId, channelId, reservedAt } = reservation;
    await this.underSettings(guildId, (manager) =>
      manager.query(
        `INSERT INTO starboard_entries
           (guild_id, message_id, author_id, entry_channel_id, channel_id, state, reserved_at, updated_at, look_at)
         SELECT s.guild_id, $2, $3, $4, $6, 'reserved', $7, $7, $8 FROM guild_settings s
         WHERE s.guild_id = $1 AND ${MAY_BE_POSTED}
         ON CONFLICT DO NOTHING`,
        [
          ...conditionsOf(reservation),
          channelId,
          reservedAt,
          new Date(reservedAt.getTime() + BETWEEN_REGULAR_LOOKS_MS),
        ],
      ),
    );
    const entry = await this.find(guildId, messageId);
    const isOurs = entry?.state === 'reserved' && entry.reservedAt?.getTime() === reservedAt.getTime();
    return isOurs ? (entry as LivingEntry) : undefined;
  }

  /** Whether a reservation may still be posted. */
  async mayStillBePosted(entry: LivingEntry): Promise<boolean> {
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
   * The reserved entry was posted. If it is gone meanwhile (its author was erased while it was being posted), it is
   * left as work to delete the post.
   *
   * @param starCount what the post shows; null where nobody knows
   * @returns whether the entry is still there
   */
  async finish(
    { guildId, messageId, entryChannelId, reservedAt }: LivingEntry,
    entryMessageId: string,
    starCount: number | null,
    now: number,
  ): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [, finished] = await manager.query<[unknown[], number]>(
        `UPDATE starboard_entries SET state = 'posted', entry_message_id = $4, star_count = $5, updated_at = $6
         WHERE guild_id = $1 AND message_id = $2 AND reserved_at = $3
           AND (state = 'reserved' OR (state = 'posted' AND entry_message_id = $4))`,
        [guildId, messageId, reservedAt, entryMessageId, starCount, new Date(now)],
      );
      if (finished > 0) return true;
      await manager.query(
        `INSERT INTO starboard_tasks (guild_id, message_id, task, channel_id, created_at, due_at)
         VALUES ($1, $2, 'remove', $3, $4, $4) ON CONFLICT DO NOTHING`,
        [guildId, entryMessageId, entryChannelId, new Date(now)],
      );
      return false;
    });
  }

  /** @param starCount null while nobody knows what the post says */
  async setCount(entry: LivingEntry, starCount: number | null, now: number): Promise<void> {
    await this.update(entry, { starCount, updatedAt: new Date(now) });
  }

  /** Somebody deleted the post. */
  async withdraw(entry: LivingEntry, now: number): Promise<void> {
    await this.update(entry, { state: 'withdrawn', updatedAt: new Date(now) });
  }

  /** Before the post is deleted, so that nobody takes our deleting it for somebody else's. */
  async startRemoving(entry: LivingEntry, now: number): Promise<void> {
    await this.update(entry, { state: 'removing', updatedAt: new Date(now) });
  }

  /** It is certain that nothing was posted for the reservation. The message is free for the starboard channel of then. */
  async release({ guildId, messageId, reservedAt }: LivingEntry): Promise<void> {
    const state = 'reserved';
    await this.dataSource.getRepository(StarboardEntry).delete({ guildId, messageId, reservedAt, state });
  }

  async drop({ guildId, messageId, reservedAt }: LivingEntry): Promise<void> {
    await this.dataSource.getRepository(StarboardEntry).delete({ guildId, messageId, reservedAt });
  }

  private async update(
    { guildId, messageId, reservedAt }: LivingEntry,
    changes: Partial<Pick<StarboardEntry, 'state' | 'starCount' | 'updatedAt'>>,
  ): Promise<void> {
    await this.dataSource.getRepository(StarboardEntry).update({ guildId, messageId, reservedAt }, changes);
  }

  /** What it reads of settings and tombstones stays true until it ends. */
  private underSettings<T>(guildId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await lockStripesShared(manager, [guildId]);
      return work(manager);
    });
  }
}

export function isLiving(entry: StarboardEntry): entry is LivingEntry {
  return entry.state !== 'withdrawn';
}

/** Of a message ($2) of an author ($3), written at $5, in a starboard channel ($4) of the guild `s`. */
const MAY_BE_POSTED = `s.enabled AND s.starboard_enabled AND s.starboard_channel = $4
  AND NOT EXISTS (
    SELECT FROM erasure_tombstones t WHERE t.guild_id = s.guild_id AND t.user_id = $3 AND t.before > $5)`;

function conditionsOf(entry: Pick<Reservation, 'guildId' | 'messageId' | 'authorId' | 'entryChannelId'>): unknown[] {
  const { guildId, messageId, authorId, entryChannelId } = entry;
  return [guildId, messageId, authorId, entryChannelId, new Date(snowflakeTime(messageId))];
}
