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

/** The permissions of one role or member in one channel. */
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
  /** The category. For a thread: its channel. */
  parentId: string | null;
  /** Age restricted. Discord sets this only on channels; it also applies to their threads. */
  isNsfw: boolean;
  /** For a thread: once it is archived, only members with Manage Threads may reopen it. */
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

/** Calls about a channel. Every method throws DiscordError, or the signal's reason. */
export class ChannelCalls {
  constructor(
    private readonly requests: DiscordRequests,
    private readonly renames: RenameBudget,
  ) {}

  async get({ guildId, channelId }: ChannelOfGuild, signal: AbortSignal): Promise<DiscordChannel> {
    return this.requests.read({ path: `/channels/${channelId}`, guildId }, readOneChannel, signal);
  }

  /** Not retried if the outcome is unknown (`mayHaveBeenDone`), because a second channel would be worse than none. */
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
   * Discord allows two renames of a channel in ten minutes. A third one does not wait, but throws `rate_limited` with
   * the remaining time.
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
      // A rename with an unknown outcome counts towards the limit of two, and so would a retry.
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

  /** Reopens an archived thread, so that its messages can be changed. */
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
