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
  /** The bot's token. */
  token: string;
  /** Without the version, such as https://discord.com/api. @defaultValue Discord's API */
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
/** The deadline for checking the token. */
const CHECK_MS = 5_000;

/**
 * Discord's API, as far as this system uses it. Reading, editing, deleting and sending are retried for a short time if
 * Discord does not answer; longer waits are left to the caller. Every call takes a signal that aborts it, and the guild
 * that it is for.
 *
 * Every call throws DiscordError, or the signal's reason.
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

  /** The health, from the calls so far. Makes no request. */
  get health(): DiscordHealth {
    if (this.requests.isAuthorized) return { status: 'ok' };
    return { status: 'failed', message: 'Discord does not accept the token' };
  }

  /**
   * Checks the token in the background if no call has done so for five minutes, so that `health` stays current in an
   * idle process. Does not wait for the answer, and never throws.
   */
  keepHealthCurrent(): void {
    if (!this.token.takeCheck()) return;
    const checked = withDeadline({ what: 'checking the token', ms: CHECK_MS, clock: this.clock }, (signal) =>
      this.users.refreshSelf(signal),
    );
    checked.catch(() => undefined); // A refused token is stored; other failures say nothing about the token.
  }

  /** For health checks: keeps `health` current. @throws Error with its message if it is `failed` */
  async probe(): Promise<void> {
    this.keepHealthCurrent();
    const { status, message } = this.health;
    if (status === 'failed') throw new Error(message);
  }
}
