import type { ConsumeMessage } from 'amqplib';
import type { DeadLetterWalk } from './dead-letter-walk.js';
import { matchesFilter, type LetterFilter } from './letter-filter.js';
import { readDeadLetter, type DeadLetterFacts } from './read-dead-letter.js';

/** Selects the dead letters of a walk that match a filter, and stops the walk at the filter's limit. */
export class LetterSelection {
  private readonly now = Date.now();
  private chosen = 0;

  constructor(
    private readonly walk: DeadLetterWalk,
    private readonly filter: LetterFilter,
  ) {}

  /** How many were selected so far. */
  get count(): number {
    return this.chosen;
  }

  /** @returns undefined if the dead letter does not match */
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
