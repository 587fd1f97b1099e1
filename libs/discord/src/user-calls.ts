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

/** A guild of the bot. */
export interface NamedGuild {
  id: string;
  name: string;
  /** The icon's hash in Discord's CDN. Null without an icon. */
  icon: string | null;
}

/** The most that Discord answers. */
export const GUILDS_PER_PAGE = 200;

/** Calls about users. Every method throws DiscordError, or the signal's reason. */
export class UserCalls {
  private known?: DiscordUser;

  constructor(private readonly requests: DiscordRequests) {}

  /** The bot's own user. Cached, because a token always belongs to the same bot. */
  async self(signal: AbortSignal): Promise<DiscordUser> {
    return this.known ?? this.refreshSelf(signal);
  }

  /** Any user. */
  async get(userId: string, signal: AbortSignal): Promise<DiscordUser> {
    return this.requests.read({ path: `/users/${userId}` }, (answer) => readUser(AnswerFields.of(answer)), signal);
  }

  /**
   * The guilds of the bot in the order of their ids, at most {@link GUILDS_PER_PAGE}.
   *
   * @param after only guilds with larger ids. @defaultValue all
   */
  async guilds(after: string | undefined, signal: AbortSignal): Promise<NamedGuild[]> {
    const query = new URLSearchParams({ limit: String(GUILDS_PER_PAGE), ...(after !== undefined && { after }) });
    return this.requests.read(
      { path: '/users/@me/guilds', query },
      (answer) => AnswerFields.each(answer, readNamedGuild),
      signal,
    );
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

function readNamedGuild(fields: AnswerFields): NamedGuild {
  return { id: fields.id('id'), name: fields.text('name') ?? '', icon: fields.text('icon') ?? null };
}
