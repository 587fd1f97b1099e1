import type { Clock } from '#libs/timing';

/**
 * A refused token is tried again after this time: it may have been refused by mistake. Asking without a pause ends in a
 * ban of the address.
 */
const TRY_AGAIN_MS = 5 * 60_000;

/** The bot's token, and whether Discord still accepts it. */
export class BotToken {
  private refused = false;
  private nextTryAt = 0;
  private nextCheckAt = 0;

  constructor(
    readonly value: string,
    private readonly clock: Clock,
  ) {}

  /** Whether Discord answered 401 when it was asked last. */
  get isRefused(): boolean {
    return this.refused;
  }

  /** Before each request: of those with a refused token, one in five minutes passes. @throws TokenRefusedError */
  use(): void {
    if (!this.refused) return;
    if (this.clock.now() < this.nextTryAt) throw new TokenRefusedError();
    this.nextTryAt = this.clock.now() + TRY_AGAIN_MS;
  }

  refuse(): void {
    this.refused = true;
    this.nextTryAt = this.nextCheckAt = this.clock.now() + TRY_AGAIN_MS;
  }

  accept(): void {
    this.refused = false;
    this.nextCheckAt = this.clock.now() + TRY_AGAIN_MS;
  }

  /** Whether Discord should be asked, as it has not told for five minutes. True for one caller in that time. */
  takeCheck(): boolean {
    if (this.clock.now() < this.nextCheckAt) return false;
    this.nextCheckAt = this.clock.now() + TRY_AGAIN_MS;
    return true;
  }
}

/** No request was made, as Discord has refused the token before. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}
