import { requireInChannel, requireToManage, requireToUnarchive } from './bot-permissions.js';
import { channelName } from './channel-names.js';
import { isThread } from './discord-state.js';
import { readOverwrite, requireCategory, requireOverwritable, type OverwriteBody } from './guild-routes.js';
import { RateLimitExceeded } from './rate-limits.js';
import type { Handlers } from './route-handlers.js';

export const channelRoutes = {
  'GET /channels/{channel_id}': ({ state, answers }, { params }) => {
    const channel = state.channel(params['channel_id']!);
    requireInChannel(state, channel);
    return { body: answers.channel(channel) };
  },
  'PATCH /channels/{channel_id}': ({ state, answers, limits }, { params, json }) => {
    const channel = state.channel(params['channel_id']!);
    const wanted = json as ChannelChange;
    if (isThread(channel) && wanted.archived === false) {
      requireToUnarchive(state, channel);
      channel.archived = false;
      return { body: answers.channel(channel) };
    }
    requireToManage(state, channel);
    const overwrites = wanted.permission_overwrites?.map(readOverwrite);
    if (overwrites) requireOverwritable(state, channel.guildId, overwrites);
    if (wanted.parent_id && wanted.parent_id !== channel.parentId) {
      requireCategory(state, channel.guildId, wanted.parent_id);
    }
    if (wanted.name !== undefined || wanted.topic !== undefined) {
      const exceeded = limits.countRename(channel.id);
      if (exceeded) throw new RateLimitExceeded(exceeded);
    }
    if (wanted.name !== undefined) channel.name = channelName(channel.type, wanted.name);
    if (wanted.topic !== undefined) channel.topic = wanted.topic;
    if (wanted.parent_id !== undefined) channel.parentId = wanted.parent_id;
    if (typeof wanted.nsfw === 'boolean') channel.nsfw = wanted.nsfw;
    if (typeof wanted.position === 'number') channel.position = wanted.position;
    if (overwrites) channel.overwrites = overwrites;
    return { body: answers.channel(channel) };
  },
  'DELETE /channels/{channel_id}': ({ state, answers }, { params }) => {
    const channel = state.channel(params['channel_id']!);
    requireToManage(state, channel);
    state.deleteChannel(channel.id);
    return { body: answers.channel(channel) };
  },
} satisfies Handlers;

interface ChannelChange {
  name?: string;
  archived?: boolean | null;
  topic?: string | null;
  parent_id?: string | null;
  nsfw?: boolean | null;
  position?: number | null;
  permission_overwrites?: OverwriteBody[] | null;
}
