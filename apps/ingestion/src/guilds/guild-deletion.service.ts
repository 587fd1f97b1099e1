import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { eraseGuild, GuildSettings, lockStripe } from '#libs/database';

/** `guild.deleted`: the bot left the guild. */
@Injectable()
export class GuildDeletionService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Erases the guild as DELETE settings does, for what happened before it left; a guild that was enabled again since
   * stays as it is.
   *
   * @returns whether it was erased
   */
  delete(guildId: string, leftAt: Date): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      const settings = await manager.getRepository(GuildSettings).findOneBy({ guildId });
      if (settings !== null && settings.enabledAt > leftAt) return false;
      await eraseGuild(manager, guildId, leftAt);
      return true;
    });
  }
}
