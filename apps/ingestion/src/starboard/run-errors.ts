import type { DiscordError } from '#libs/discord';
import type { ChannelProblem } from './starboard-problems.queries.js';

/** The task cannot go on yet. */
export class RunPostponedError extends Error {
  override readonly name = 'RunPostponedError';

  constructor(
    /** How long it waits, in milliseconds. */
    readonly pauseMs: number,
    /** Why, where somebody has to put something right. */
    readonly problem?: string,
  ) {
    super(problem ?? 'not yet');
  }
}

/** Something in one channel has to be put right by a person. */
export class ChannelProblemError extends Error {
  override readonly name = 'ChannelProblemError';

  constructor(
    readonly details: ChannelProblem,
    cause?: unknown,
  ) {
    super(details.problem, { cause });
  }
}

/** Discord does not take the post about one message as it is; about others it may. */
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
