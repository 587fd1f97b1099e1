import { systemClock, withDeadline, type Clock } from '#libs/timing';
import { BotToken } from './bot-token.js';
import { ChannelCalls } from './channel-calls.js';
import { DiscordRequests } from './discord-requests.js';
import { createDiscordRest } from './discord-rest.js';
import { GuildCalls } from './guild-calls.js';
import { MessageCalls } from './message-calls.js';
import { RenameBudget } from './rename-budget.js';
import { UserCalls } from './user-calls.js';

export interface DiscordClientOptions {
  /** Of the bot. */
  token: string;
  /** Instead of Discord's own, without the version, such as https://discord.com/api. */
  apiUrl?: string;
  /** @defaultValue the system's */
  clock?: Clock;
  /** Called for each request that was made, with its route and the status of the answer, if one came. */
  onAnswer?: (route: string, status?: number) => void;
}

export interface DiscordHealth {
  /** `failed`: Discord does not accept the token. It is tried again every five minutes. */
  status: 'ok' | 'failed';
  message?: string;
}

const TIMEOUT_MS = 10_000;
const UPLOAD_TIMEOUT_MS = 30_000;
/** What asking whether the token is accepted may take. */
const CHECK_MS = 5_000;

/**
 * What the product does in Discord, as the bot that the token belongs to. Reading, editing, deleting and sending is
 * tried again for a while when Discord does not answer; waits that are longer are left to the caller. Every call takes
 * a signal that ends it, and names the guild that it is for.
 *
 * Every call throws DiscordError, or the signal's reason once it is aborted.
 */
export class DiscordClient {
  readonly guilds: GuildCalls;
  readonly channels: ChannelCalls;
  readonly messages: MessageCalls;
  readonly users: UserCalls;
  private readonly requests: DiscordRequests;
  private readonly token: BotToken;
  private readonly clock: Clock;

  constructor({ token, apiUrl, clock = systemClock, onAnswer }: DiscordClientOptions) {
    const botToken = new BotToken(token, clock);
    this.token = botToken;
    this.clock = clock;
    const timeouts = { timeoutMs: TIMEOUT_MS, uploadTimeoutMs: UPLOAD_TIMEOUT_MS };
    this.requests = new DiscordRequests(
      createDiscordRest({ token: botToken, apiUrl, clock, onAnswer, ...timeouts }),
      botToken,
      clock,
    );
    this.users = new UserCalls(this.requests);
    this.guilds = new GuildCalls(this.requests, this.users);
    this.channels = new ChannelCalls(this.requests, new RenameBudget(clock));
    this.messages = new MessageCalls(this.requests);
  }

  /** What is known from the calls so far; asks nothing. */
  get health(): DiscordHealth {
    if (this.requests.isAuthorized) return { status: 'ok' };
    return { status: 'failed', message: 'Discord does not accept the token' };
  }

  /**
   * Asks Discord whether it accepts the token, where no call has told for five minutes, so that `health` is right in a
   * process that has nothing to ask. Does not wait for the answer, and never throws.
   */
  keepHealthCurrent(): void {
    if (!this.token.takeCheck()) return;
    const asked = withDeadline({ what: 'checking the token', ms: CHECK_MS, clock: this.clock }, (signal) =>
      this.users.refreshSelf(signal),
    );
    asked.catch(() => undefined); // A refused token is noted; whatever else fails says nothing about it.
  }

  /** For health checks: as `health`, and keeps it current. @throws Error with its message when it is `failed` */
  async probe(): Promise<void> {
    this.keepHealthCurrent();
    const { status, message } = this.health;
    if (status === 'failed') throw new Error(message);
  }
}
