import { botPermissions, isMember, requireInChannel, requireInGuild, visibleChannels } from './bot-permissions.js';
import { bitsOf } from './permission-bits.js';
import { channelName } from './channel-names.js';
import { isThread, type StoredOverwrite } from './discord-state.js';
import { invalidField, missingAccess, missingPermissions, tooManyChannels, unknownGuild } from './refusal.js';
import type { DoubleContext, Handlers } from './route-handlers.js';

const MOST_CHANNELS = 500;
const MOST_IN_CATEGORY = 50;
const CATEGORY = 4;

export const guildRoutes = {
  'GET /guilds/{guild_id}': ({ state, answers }, { params, query }) => {
    const guild = state.guild(params['guild_id']!);
    if (!isMember(state, guild.id)) throw unknownGuild();
    return { body: answers.guild(guild, query.get('with_counts') === 'true') };
  },
  'GET /guilds/{guild_id}/channels': ({ state, answers }, { params }) => {
    const guild = memberGuild(state, params['guild_id']!);
    const channels = visibleChannels(state, guild.id).filter((channel) => !isThread(channel));
    return { body: channels.map((channel) => answers.channel(channel)) };
  },
  'GET /guilds/{guild_id}/roles': ({ state, answers }, { params }) => ({
    body: answers.roles(memberGuild(state, params['guild_id']!).id),
  }),
  'GET /guilds/{guild_id}/members/{user_id}': ({ state, answers }, { params }) => {
    const guild = memberGuild(state, params['guild_id']!);
    return { body: answers.member(state.member(guild.id, params['user_id']!)) };
  },
  'POST /guilds/{guild_id}/channels': ({ state, answers }, { params, json }) => {
    const guild = memberGuild(state, params['guild_id']!);
    const wanted = json as unknown as NewChannelBody;
    const overwrites = (wanted.permission_overwrites ?? []).map(readOverwrite);
    requireInGuild(state, guild.id, 'ManageChannels');
    if (wanted.parent_id) requireCategory(state, guild.id, wanted.parent_id);
    requireOverwritable(state, guild.id, overwrites);
    if (state.channelsOf(guild.id).length >= MOST_CHANNELS) throw tooManyChannels();
    const channel = state.addChannel({
      guildId: guild.id,
      type: wanted.type ?? 0,
      name: channelName(wanted.type ?? 0, wanted.name),
      parentId: wanted.parent_id ?? null,
      nsfw: wanted.nsfw ?? false,
      topic: wanted.topic ?? null,
      overwrites,
      ...(typeof wanted.position === 'number' && { position: wanted.position }),
    });
    return { status: 201, body: answers.channel(channel) };
  },
} satisfies Handlers;

interface NewChannelBody {
  name: string;
  type?: number | null;
  parent_id?: string | null;
  position?: number | null;
  nsfw?: boolean | null;
  topic?: string | null;
  permission_overwrites?: OverwriteBody[] | null;
}

export interface OverwriteBody {
  id: string;
  type?: 0 | 1 | null;
  allow?: string | null;
  deny?: string | null;
}

export function readOverwrite({ id, type, allow, deny }: OverwriteBody): StoredOverwrite {
  return { id, type: type ?? 0, allow: BigInt(allow ?? 0), deny: BigInt(deny ?? 0) };
}

/** Overwrites need Manage Roles, and may not contain permissions that the bot lacks. @throws Refusal 50013 */
export function requireOverwritable(
  state: DoubleContext['state'],
  guildId: string,
  overwrites: readonly StoredOverwrite[],
): void {
  if (overwrites.length === 0) return;
  requireInGuild(state, guildId, 'ManageRoles');
  const own = botPermissions(state, guildId);
  const isAdministrator = (own & bitsOf(['Administrator'])) !== 0n;
  for (const { allow, deny } of overwrites) {
    const touched = allow | deny;
    if (!isAdministrator && (touched & ~own || touched & bitsOf(['ManageRoles']))) throw missingPermissions();
  }
}

/** @throws Refusal */
export function requireCategory(state: DoubleContext['state'], guildId: string, categoryId: string): void {
  const category = state.channels.get(categoryId);
  const refuse = (code: string, message: string) => invalidField(['parent_id'], code, message);
  if (category?.guildId !== guildId) throw refuse('CHANNEL_PARENT_INVALID', 'Category does not exist');
  if (category.type !== CATEGORY) throw refuse('CHANNEL_PARENT_INVALID_TYPE', 'Not a category');
  requireInChannel(state, category, 'ManageChannels');
  const siblings = state.channelsOf(guildId).filter(({ parentId }) => parentId === categoryId);
  if (siblings.length >= MOST_IN_CATEGORY) {
    throw refuse('CHANNEL_PARENT_MAX_CHANNELS', 'Maximum number of channels in category reached (50)');
  }
}

/** @throws Refusal 10004 if the guild does not exist, 50001 if the bot is not in it */
function memberGuild(state: DoubleContext['state'], guildId: string) {
  const guild = state.guild(guildId);
  if (!isMember(state, guildId)) throw missingAccess();
  return guild;
}
