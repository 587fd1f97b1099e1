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
   * Erases the guild as DELETE settings does, for what happened before it left; a guild that was enabled again since
   * stays as it is.
   *
   * A large guild is only begun with: its settings are gone, and its erasure lies in the database as a job, so that the
   * event may be acknowledged and the ones behind it need not wait. The rest follows in the background.
   *
   * @returns whether it is erased, or will be
   */
  async delete(guildId: string, leftAt: Date): Promise<boolean> {
    const outcome = await this.dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      const settings = await manager.getRepository(GuildSettings).findOneBy({ guildId });
      if (settings !== null && settings.enabledAt > leftAt) return 'stays';
      return (await this.eraser.startGuild(manager, guildId, leftAt)) ? 'erased' : 'started';
    });
    if (outcome === 'started') this.erasures.wake();
    return outcome !== 'stays';
  }
}
