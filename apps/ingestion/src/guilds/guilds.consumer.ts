import { Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { forgetDeletedChannel } from '#libs/settings';
import { EventController, OnEvents } from '../intake/event-consumer.js';
import type { OutcomeCounts } from '../intake/event-result.js';
import { guildEvents, type GuildEvent } from '../intake/guild-event-type.js';
import { GuildDeletionService } from './guild-deletion.service.js';
import { GuildSnapshotsWriter } from './guild-snapshots.writer.js';

/** Events about guilds and their channels. They are processed one by one, because each locks its guild. */
@EventController()
export class GuildsConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly snapshots: GuildSnapshotsWriter,
    private readonly deletion: GuildDeletionService,
  ) {}

  @OnEvents({ types: guildEvents('guild.snapshot'), atOnce: 1 })
  async onSnapshot(@Payload() [event]: readonly [GuildEvent<'guild.snapshot'>]): Promise<OutcomeCounts> {
    return outcomeOf(await this.snapshots.store(event.fields, event.occurredAt));
  }

  @OnEvents({ types: guildEvents('guild.deleted'), atOnce: 1 })
  async onGuildDeleted(@Payload() [event]: readonly [GuildEvent<'guild.deleted'>]): Promise<OutcomeCounts> {
    return outcomeOf(await this.deletion.delete(event.fields.guild_id, event.occurredAt));
  }

  @OnEvents({ types: guildEvents('channel.deleted'), atOnce: 1 })
  async onChannelDeleted(@Payload() [event]: readonly [GuildEvent<'channel.deleted'>]): Promise<OutcomeCounts> {
    const { guild_id: guildId, channel_id: channelId } = event.fields;
    return outcomeOf(await forgetDeletedChannel(this.dataSource, guildId, channelId));
  }
}

function outcomeOf(isHandled: boolean): OutcomeCounts {
  return isHandled ? { handled: 1 } : { unwanted: 1 };
}
