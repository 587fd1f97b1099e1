import type { Clock } from '#libs/timing';

/**
 * A refused token is tried again after this time, because it may have been refused by mistake. Trying without a pause
 * leads to a ban of the IP address.
 */
const RETRY_MS = 5 * 60_000;

/** The bot's token, and whether Discord still accepts it. */
export class BotToken {
  private refused = false;
  private nextTryAt = 0;
  private nextCheckAt = 0;

  constructor(
    readonly value: string,
    private readonly clock: Clock,
  ) {}

  /** Whether Discord's last answer was 401. */
  get isRefused(): boolean {
    return this.refused;
  }

  /** Called before each request. A refused token allows one request in five minutes. @throws TokenRefusedError */
  use(): void {
    if (!this.refused) return;
    if (this.clock.now() < this.nextTryAt) throw new TokenRefusedError();
    this.nextTryAt = this.clock.now() + RETRY_MS;
  }

  refuse(): void {
    this.refused = true;
    this.nextTryAt = this.nextCheckAt = this.clock.now() + RETRY_MS;
  }

  accept(): void {
    this.refused = false;
    this.nextCheckAt = this.clock.now() + RETRY_MS;
  }

  /** Whether the caller should check the token: true once after five minutes without an answer. */
  takeCheck(): boolean {
    if (this.clock.now() < this.nextCheckAt) return false;
    this.nextCheckAt = this.clock.now() + RETRY_MS;
    return true;
  }
}

/** No request was made, because Discord has refused the token. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}
