import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { forgetChannel, lockStripe } from '#libs/database';

/** `channel.deleted`, or a channel that Discord does not know any more: takes it out of the guild's settings. */
@Injectable()
export class DeletedChannelsService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Clears the fields that name the channel. Without its category the counter panel is switched off, without its
   * channel the starboard is.
   *
   * @returns whether the settings named the channel
   */
  forget(guildId: string, channelId: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      return forgetChannel(manager, guildId, channelId);
    });
  }
}
