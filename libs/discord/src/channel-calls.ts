import {
  ChannelType,
  type RESTPatchAPIChannelJSONBody,
  type RESTPostAPIGuildChannelJSONBody,
} from 'discord-api-types/v10';
import { AnswerFields } from './answer-fields.js';
import type { DiscordCall } from './discord-call.js';
import { DiscordError } from './discord-error.js';
import type { DiscordRequests } from './discord-requests.js';
import type { RenameBudget } from './rename-budget.js';

/** What one role or member may or may not do in one channel. */
export interface PermissionOverwrite {
  id: string;
  of: 'role' | 'member';
  allow: bigint;
  deny: bigint;
}

export interface DiscordChannel {
  id: string;
  /** Undefined for a direct message. */
  guildId?: string;
  /** A `ChannelType` of discord-api-types: 0 text, 2 voice, 4 category, 10 to 12 threads. */
  type: number;
  name: string;
  /** The category; of a thread, its channel. */
  parentId: string | null;
  /** Age restricted. A thread is when its channel is; Discord does not say so of the thread. */
  isNsfw: boolean;
  /** Of a thread: only who has Manage Threads may open it once it is archived. */
  isLocked: boolean;
  position: number;
  overwrites: PermissionOverwrite[];
}

export interface NewVoiceChannel {
  guildId: string;
  /** 1 to 100 characters. */
  name: string;
  parentId?: string;
  overwrites?: readonly PermissionOverwrite[];
}

export interface ChannelOfGuild {
  guildId: string;
  channelId: string;
}

/** What is asked of one channel. Every method throws DiscordError, or the signal's reason. */
export class ChannelCalls {
  constructor(
    private readonly requests: DiscordRequests,
    private readonly renames: RenameBudget,
  ) {}

  async get({ guildId, channelId }: ChannelOfGuild, signal: AbortSignal): Promise<DiscordChannel> {
    return this.requests.read({ path: `/channels/${channelId}`, guildId }, readOneChannel, signal);
  }

  /** Not tried again when the outcome is unknown (`mayHaveBeenDone`): a second channel would be worse than none. */
  async createVoice(
    { guildId, name, parentId, overwrites }: NewVoiceChannel,
    signal: AbortSignal,
  ): Promise<DiscordChannel> {
    const body: RESTPostAPIGuildChannelJSONBody = {
      type: ChannelType.GuildVoice,
      name,
      parent_id: parentId,
      permission_overwrites: overwrites?.map(overwriteBody),
    };
    const path = `/guilds/${guildId}/channels` as const;
    return this.requests.answer({ method: 'POST', path, guildId, body, isRepeatable: false }, readOneChannel, signal);
  }

  /**
   * Discord allows two renames of a channel in ten minutes. The third is not waited for: it throws `rate_limited` with
   * the time until it may be tried.
   */
  async rename(
    { guildId, channelId, name }: ChannelOfGuild & { name: string },
    signal: AbortSignal,
  ): Promise<DiscordChannel> {
    this.renames.spend(channelId);
    const body: RESTPatchAPIChannelJSONBody = { name };
    const call: DiscordCall = {
      method: 'PATCH',
      path: `/channels/${channelId}`,
      guildId,
      body,
      // One whose outcome is unknown counts against the limit of two, and so may its repeat.
      isRepeatable: false,
      waitsForLimits: 'only_global',
    };
    try {
      return await this.requests.answer(call, readOneChannel, signal);
    } catch (error) {
      if (error instanceof DiscordError && !error.mayHaveBeenDone) this.renames.giveBack(channelId);
      throw error;
    }
  }

  /** Makes an archived thread one in which messages can be changed. */
  async openThread({ guildId, channelId }: ChannelOfGuild, signal: AbortSignal): Promise<DiscordChannel> {
    const body: RESTPatchAPIChannelJSONBody = { archived: false };
    const path = `/channels/${channelId}` as const;
    return this.requests.answer({ method: 'PATCH', path, guildId, body, isRepeatable: true }, readOneChannel, signal);
  }

  async delete({ guildId, channelId }: ChannelOfGuild, signal: AbortSignal): Promise<void> {
    await this.requests.delete({ path: `/channels/${channelId}`, guildId }, 'channel', signal);
  }
}

export function readChannel(fields: AnswerFields): DiscordChannel {
  return {
    id: fields.id('id'),
    guildId: fields.optionalId('guild_id'),
    type: fields.number('type') ?? -1,
    name: fields.text('name') ?? '',
    parentId: fields.optionalId('parent_id') ?? null,
    isNsfw: fields.flag('nsfw'),
    isLocked: fields.object('thread_metadata')?.flag('locked') ?? false,
    position: fields.number('position') ?? 0,
    overwrites: fields.list('permission_overwrites', readOverwrite),
  };
}

function readOneChannel(answer: unknown): DiscordChannel {
  return readChannel(AnswerFields.of(answer));
}

function readOverwrite(fields: AnswerFields): PermissionOverwrite {
  return {
    id: fields.id('id'),
    of: fields.number('type') === 1 ? 'member' : 'role',
    allow: fields.bits('allow'),
    deny: fields.bits('deny'),
  };
}

function overwriteBody({ id, of, allow, deny }: PermissionOverwrite) {
  return { id, type: of === 'role' ? 0 : 1, allow: allow.toString(), deny: deny.toString() };
}
