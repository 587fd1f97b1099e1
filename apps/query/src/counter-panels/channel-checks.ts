import type { FieldError } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import type { DiscordChannel } from '#libs/discord';

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

/**
 * The starboard, where it is none of these channels: it may be a thread, which Discord does not tell among the channels
 * of a guild.
 */
export function possibleThread(
  named: readonly NamedChannel[],
  channels: readonly DiscordChannel[],
): string | undefined {
  const starboard = named.find(({ field }) => field === 'starboard_channel');
  return channels.some(({ id }) => id === starboard?.channelId) ? undefined : starboard?.channelId;
}

/** What is wrong with them. @param channels all of the guild @param categoryId null: counters may stand anywhere */
export function wrongChannels(
  named: readonly NamedChannel[],
  channels: readonly DiscordChannel[],
  categoryId: string | null,
): FieldError[] {
  return named.flatMap(({ field, channelId }) => {
    const message = mistake(
      field,
      channels.find(({ id }) => id === channelId),
      categoryId,
    );
    return message === undefined ? [] : [{ field, message }];
  });
}

function mistake(
  field: ChannelSetting,
  channel: DiscordChannel | undefined,
  categoryId: string | null,
): string | undefined {
  if (field === 'starboard_channel') {
    if (channel === undefined) return 'is no channel of this guild that the bot can see';
    return WITHOUT_MESSAGES.includes(channel.type) ? 'is no channel that messages can be sent to' : undefined;
  }
  if (channel === undefined) return 'is no channel of this guild';
  if (field === 'counter_panel_category_channel') return channel.type === CATEGORY ? undefined : 'is no category';
  if (channel.type === CATEGORY) return 'is a category';
  if (THREADS.includes(channel.type)) return 'is a thread';
  return categoryId === null || channel.parentId === categoryId ? undefined : 'is not in the category of the panels';
}
