import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { GuildSettings, lockStripe } from '#libs/database';
import { Eraser } from '#libs/erasure';
import { ErasureService } from '../maintenance/erasure.service.js';

/** `guild.deleted`: the bot left the guild. */
@Injectable()
export class GuildDeletionService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly eraser: Eraser,
    private readonly erasures: ErasureService,
  ) {}

  /**
   * Erases the guild like DELETE settings, for events from before the bot left. A guild that was enabled again since
   * then is not changed.
   *
   * For a large guild, this only deletes the settings and saves a job, so that the event can be acknowledged and does
   * not delay others. The erasure continues in the background.
   *
   * @returns whether the guild is or will be erased
   */
  async delete(guildId: string, leftAt: Date): Promise<boolean> {
    const outcome = await this.dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      const settings = await manager.getRepository(GuildSettings).findOneBy({ guildId });
      if (settings !== null && settings.enabledAt > leftAt) return 'kept';
      return (await this.eraser.startGuild(manager, guildId, leftAt)) ? 'erased' : 'started';
    });
    if (outcome === 'started') this.erasures.wake();
    return outcome !== 'kept';
  }
}
