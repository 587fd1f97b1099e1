import { Client, Events, GatewayIntentBits } from 'discord.js';
import { Publisher } from './publisher.js';

const SNAPSHOT_EVERY_MS = 15 * 60_000;

const publisher = new Publisher(process.env.RABBITMQ_URL);
const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildMessageReactions],
});

client.on(Events.MessageCreate, (message) => {
  if (!message.inGuild()) return;
  // A message is identified by its own id.
  publisher.publish('message.sent', {
    guild_id: message.guildId,
    channel_id: message.channelId,
    message_id: message.id,
    user_id: message.author.id,
    member_is_bot: message.author.bot,
  });
});

client.on(Events.InteractionCreate, (interaction) => {
  if (!interaction.isChatInputCommand() || !interaction.inGuild()) return;
  const event = { guild_id: interaction.guildId, command: interaction.commandName, user_id: interaction.user.id };
  // Derived from the interaction, so that it is stored once even if two processes of the bot publish it.
  publisher.publish('command.used', event, `command-${interaction.id}`, interaction.createdAt);
});

for (const [discordEvent, kind] of [
  [Events.MessageReactionAdd, 'star.added'],
  [Events.MessageReactionRemove, 'star.removed'],
]) {
  client.on(discordEvent, ({ emoji, message }) => {
    if (emoji.name !== '⭐' || message.guildId === null) return;
    publisher.publish(kind, { guild_id: message.guildId, channel_id: message.channelId, message_id: message.id });
  });
}

client.on(Events.ChannelDelete, (channel) => {
  if (!channel.isDMBased()) publisher.publish('channel.deleted', { guild_id: channel.guildId, channel_id: channel.id });
});

// discord.js reports an outage of a guild with another event, GuildUnavailable. It must not be published.
client.on(Events.GuildDelete, (guild) => {
  publisher.publish('guild.deleted', { guild_id: guild.id });
});

async function publishSnapshots() {
  for (const id of client.guilds.cache.keys()) {
    try {
      const guild = await client.guilds.fetch({ guild: id, withCounts: true, force: true });
      publisher.publish('guild.snapshot', {
        guild_id: id,
        member_count: guild.approximateMemberCount ?? guild.memberCount,
        online_member_count: guild.approximatePresenceCount ?? undefined,
        server_boost_count: guild.premiumSubscriptionCount ?? undefined,
        channel_count: guild.channels.cache.filter((channel) => !channel.isThread()).size,
        role_count: guild.roles.cache.size,
        // With the intents GuildMembers, GuildPresences and GuildVoiceStates, also bot_count, idle_member_count,
        // dnd_member_count, offline_member_count, voice_member_count and role_member_counts.
      });
    } catch (error) {
      console.error(`No snapshot of the guild ${id}: ${error.message}`);
    }
  }
}

let snapshots;
client.once(Events.ClientReady, () => {
  snapshots = setInterval(publishSnapshots, SNAPSHOT_EVERY_MS);
  publishSnapshots();
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    clearInterval(snapshots);
    await client.destroy();
    await publisher.close();
  });
}

await client.login(process.env.DISCORD_TOKEN);
