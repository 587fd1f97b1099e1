export * from './bot-permissions.js';
export type {
  ChannelCalls,
  ChannelOfGuild,
  DiscordChannel,
  NewVoiceChannel,
  PermissionOverwrite,
} from './channel-calls.js';
export * from './discord-client.js';
export * from './discord-error.js';
export * from './discord-login.js';
export type * from './discord-message.js';
export * from './download-file.js';
export * from './explain-discord-error.js';
export type { DiscordGuild, DiscordMember, DiscordRole, GuildCalls } from './guild-calls.js';
export * from './locked-voice-channel.js';
export * from './manages-guild.js';
export type * from './message-body.js';
export type { FileUpload, MessageCalls, MessageContent, MessageOfChannel, NewMessage } from './message-calls.js';
export * from './permissions.js';
export { GUILDS_PER_PAGE, type DiscordUser, type NamedGuild, type UserCalls } from './user-calls.js';
