import type { ConsumeMessage } from 'amqplib';
import type { DeadLetterWalk } from './dead-letter-walk.js';
import { matchesFilter, type LetterFilter } from './letter-filter.js';
import { readDeadLetter, type DeadLetterFacts } from './read-dead-letter.js';

/** Chooses what a filter is about among the dead letters of a walk, and stops the walk at the filter's limit. */
export class LetterSelection {
  private readonly now = Date.now();
  private chosen = 0;

  constructor(
    private readonly walk: DeadLetterWalk,
    private readonly filter: LetterFilter,
  ) {}

  /** How many were chosen so far. */
  get count(): number {
    return this.chosen;
  }

  /** Undefined for one that the filter leaves out. */
  choose(letter: ConsumeMessage): DeadLetterFacts | undefined {
    const { limit = Infinity } = this.filter;
    if (this.chosen >= limit) return undefined;
    const facts = readDeadLetter(letter);
    if (!matchesFilter(facts, this.filter, this.now)) return undefined;
    this.chosen++;
    if (this.chosen >= limit) this.walk.stop();
    return facts;
  }
}
