import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { DISCORD_EPOCH_MS, EVENTS_EXCHANGE } from '#libs/contracts';
import { channelsOf } from './guild-channels.js';

/** Publishes stars for new messages of the guilds in turn, with confirms. */
export async function publishStars(broker: ChannelModel, guildIds: readonly string[], count: number): Promise<void> {
  const channel = await broker.createConfirmChannel();
  const first = BigInt(Date.now() - DISCORD_EPOCH_MS) << 22n;
  for (let index = 0; index < count; index++) {
    const guild_id = guildIds[index % guildIds.length]!;
    const message_id = String(first + BigInt(index));
    publishOne(channel, 'star.added', { guild_id, channel_id: channelsOf(guild_id).people, message_id });
  }
  await channel.waitForConfirms();
  await channel.close();
}

/** Requests a refresh of the counters of all guilds. */
export async function publishRefresh(broker: ChannelModel): Promise<void> {
  const channel = await broker.createConfirmChannel();
  publishOne(channel, 'counter_panel.refresh', {});
  await channel.waitForConfirms();
  await channel.close();
}

function publishOne(channel: ConfirmChannel, name: string, event: Record<string, string>): void {
  channel.publish(EVENTS_EXCHANGE, name, Buffer.from(JSON.stringify(event)), { persistent: true });
}
