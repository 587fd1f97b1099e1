import { Inject, Injectable, Optional } from '@nestjs/common';
import { DiscordClient, DiscordError } from '#libs/discord';
import { Clock, DeadlineError, withDeadline } from '#libs/timing';

/** How long a request waits for names. */
const DEADLINE_MS = 4_000;

/** Asks Discord for names, which are nice to have: without a token, or if Discord does not answer, there are none. */
@Injectable()
export class AskedDiscord {
  constructor(
    private readonly clock: Clock,
    @Optional() @Inject(DiscordClient) private readonly client?: DiscordClient,
  ) {}

  /** @returns undefined without a token, and if Discord refuses or does not answer in time */
  async ask<T>(question: (client: DiscordClient, signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { client, clock } = this;
    if (client === undefined) return undefined;
    try {
      return await withDeadline({ what: 'reading names', ms: DEADLINE_MS, clock }, (signal) =>
        question(client, signal),
      );
    } catch (error) {
      if (error instanceof DiscordError || error instanceof DeadlineError) return undefined;
      throw error;
    }
  }
}
