import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { forgetDeletedChannel } from '#libs/settings';

/** `channel.deleted`, or a channel that Discord does not know any more: takes it out of the guild's settings and starboard. */
@Injectable()
export class DeletedChannelsService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Clears the fields that name the channel. Without its category the counter panel is switched off, without its
   * channel the starboard is. Entries of posts in the channel go; those of messages in it are looked at.
   *
   * @returns whether settings or starboard had to do with the channel
   */
  forget(guildId: string, channelId: string): Promise<boolean> {
    return forgetDeletedChannel(this.dataSource, guildId, channelId);
  }
}
