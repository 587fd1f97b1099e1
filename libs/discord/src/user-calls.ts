import { AnswerFields } from './answer-fields.js';
import type { DiscordRequests } from './discord-requests.js';

export interface DiscordUser {
  id: string;
  /** The display name, or the user name if there is none. */
  name: string;
  /** The avatar's hash in Discord's CDN. Null without an avatar. */
  avatar: string | null;
  isBot: boolean;
}

/** Calls about users. Every method throws DiscordError, or the signal's reason. */
export class UserCalls {
  private known?: DiscordUser;

  constructor(private readonly requests: DiscordRequests) {}

  /** The bot's own user. Cached, because a token always belongs to the same bot. */
  async self(signal: AbortSignal): Promise<DiscordUser> {
    return this.known ?? this.refreshSelf(signal);
  }

  /** Requests the bot's own user. */
  async refreshSelf(signal: AbortSignal): Promise<DiscordUser> {
    const read = (answer: unknown) => readUser(AnswerFields.of(answer));
    this.known = await this.requests.read({ path: '/users/@me' }, read, signal);
    return this.known;
  }
}

export function readUser(fields: AnswerFields): DiscordUser {
  return {
    id: fields.id('id'),
    name: fields.text('global_name') ?? fields.text('username') ?? '',
    avatar: fields.text('avatar') ?? null,
    isBot: fields.flag('bot'),
  };
}
