import { AnswerFields } from './answer-fields.js';
import type { DiscordRequests } from './discord-requests.js';

export interface DiscordUser {
  id: string;
  /** As people see it: the display name, else the user name. */
  name: string;
  /** Hash of the avatar in Discord's CDN; null without one. */
  avatar: string | null;
  isBot: boolean;
}

/** What is asked of users. Every method throws DiscordError, or the signal's reason. */
export class UserCalls {
  private known?: DiscordUser;

  constructor(private readonly requests: DiscordRequests) {}

  /** The bot itself. Asked for once: a token never changes its bot. */
  async self(signal: AbortSignal): Promise<DiscordUser> {
    return this.known ?? this.refreshSelf(signal);
  }

  /** The bot itself, as Discord answers now, if it still takes the token. */
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
