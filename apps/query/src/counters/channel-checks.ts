import type { FieldError } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import type { DiscordChannel } from '#libs/discord';
import type { UnknownChannel } from './named-channel.js';

type ChannelSetting =
  | 'counter_panel_category_channel'
  | 'counter_panel_member_count_channel'
  | 'counter_panel_online_member_count_channel'
  | 'counter_panel_server_boost_number_channel'
  | 'starboard_channel';

/** A channel that a change of settings names. */
export interface NamedChannel {
  field: ChannelSetting;
  channelId: string;
}

/** Discord's numbers of channel types. */
const CATEGORY = 4;
const THREADS = [10, 11, 12];
const WITHOUT_MESSAGES = [CATEGORY, 14, 15, 16];

const WHY_UNKNOWN: Readonly<Record<UnknownChannel['why'], string>> = {
  hidden: 'cannot be seen by the bot (it needs View Channel there), or is no channel of this guild',
  'no such channel': 'is no channel of this guild: Discord knows no such channel',
  'of another guild': 'is no channel of this guild',
};

const COUNTERS = {
  counter_panel_member_count_channel: 'counterPanelMemberCountChannel',
  counter_panel_online_member_count_channel: 'counterPanelOnlineMemberCountChannel',
  counter_panel_server_boost_number_channel: 'counterPanelServerBoostNumberChannel',
} as const;

/**
 * The channels that Discord has to be asked about: those that are new to the settings, and counters whose category is.
 * What stays as it is needs no Discord.
 */
export function channelsToCheck(before: GuildSettings, after: GuildSettings): NamedChannel[] {
  const isNew = (
    property: 'counterPanelCategoryChannel' | 'starboardChannel' | (typeof COUNTERS)[keyof typeof COUNTERS],
  ) => after[property] !== before[property];
  const all: [ChannelSetting, string | null, boolean][] = [
    ['counter_panel_category_channel', after.counterPanelCategoryChannel, isNew('counterPanelCategoryChannel')],
    ...Object.entries(COUNTERS).map(([field, property]): [ChannelSetting, string | null, boolean] => [
      field as ChannelSetting,
      after[property],
      isNew(property) || isNew('counterPanelCategoryChannel'),
    ]),
    ['starboard_channel', after.starboardChannel, isNew('starboardChannel')],
  ];
  return all.flatMap(([field, channelId, check]) => (channelId !== null && check ? [{ field, channelId }] : []));
}

/** The ids of those that Discord does not list among the channels of the guild, each once. */
export function unlistedChannels(named: readonly NamedChannel[], listed: readonly DiscordChannel[]): string[] {
  const known = new Set(listed.map(({ id }) => id));
  return [...new Set(named.map(({ channelId }) => channelId))].filter((id) => !known.has(id));
}

/** What is wrong with them. @param channels all that are named @param categoryId null: counters may stand anywhere */
export function wrongChannels(
  named: readonly NamedChannel[],
  channels: readonly (DiscordChannel | UnknownChannel)[],
  categoryId: string | null,
): FieldError[] {
  const byId = new Map(channels.map((channel) => [channel.id, channel]));
  return named.flatMap(({ field, channelId }) => {
    const message = mistake(field, byId.get(channelId)!, categoryId);
    return message === undefined ? [] : [{ field, message }];
  });
}

function mistake(
  field: ChannelSetting,
  channel: DiscordChannel | UnknownChannel,
  categoryId: string | null,
): string | undefined {
  if ('why' in channel) return WHY_UNKNOWN[channel.why];
  if (field === 'starboard_channel') {
    return WITHOUT_MESSAGES.includes(channel.type) ? 'is no channel that messages can be sent to' : undefined;
  }
  if (field === 'counter_panel_category_channel') return channel.type === CATEGORY ? undefined : 'is no category';
  if (channel.type === CATEGORY) return 'is a category';
  if (THREADS.includes(channel.type)) return 'is a thread';
  return categoryId === null || channel.parentId === categoryId ? undefined : 'is not in the category of the panels';
}
