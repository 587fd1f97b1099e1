import type { DiscordError } from '#libs/discord';
import type { ChannelProblem } from './starboard-problems.queries.js';

/** The task has to wait. */
export class RunPostponedError extends Error {
  override readonly name = 'RunPostponedError';

  constructor(
    /** How long it waits, in milliseconds. */
    readonly pauseMs: number,
    /** The problem, if somebody has to repair it. */
    readonly problem?: string,
  ) {
    super(problem ?? 'not yet');
  }
}

/** A problem in one channel that a person has to repair. */
export class ChannelProblemError extends Error {
  override readonly name = 'ChannelProblemError';

  constructor(
    readonly details: ChannelProblem,
    cause?: unknown,
  ) {
    super(details.problem, { cause });
  }
}

/** Discord rejects the post about one message, but may accept posts about others. */
export class PostRefusedError extends Error {
  override readonly name = 'PostRefusedError';

  /** @param problem one sentence for people */
  constructor(
    readonly problem: string,
    override readonly cause: DiscordError,
  ) {
    super(problem, { cause });
  }
}

/** A starboard channel does not exist any more. */
export class StarboardChannelGoneError extends Error {
  override readonly name = 'StarboardChannelGoneError';

  constructor(
    readonly guildId: string,
    readonly channelId: string,
  ) {
    super(`channel ${channelId} does not exist (any more)`);
  }
}
