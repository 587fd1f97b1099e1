import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';

/**
 * What a run of the starboard's work came to:
 * - `posted`, `edited`, `unchanged`: the message has enough stars
 * - `below`, `age_restricted`: it has no entry, as it should
 * - `removed`: the entry was deleted
 * - `withdrawn`: somebody else deleted it
 * - `gone`: the message does not exist (any more), and had no entry
 * - `unwanted`: off, erased, or no message for a starboard
 * - `channel_gone`: the starboard channel does not exist any more
 * - `nothing_found`: there was no post to delete
 */
export type RunOutcome =
  | 'posted'
  | 'edited'
  | 'unchanged'
  | 'below'
  | 'age_restricted'
  | 'removed'
  | 'withdrawn'
  | 'gone'
  | 'unwanted'
  | 'channel_gone'
  | 'nothing_found';

/**
 * Why a run did not come to its end: `held` waits for a known problem or for what cannot be known yet, `problem` met
 * one, `rate_limited`, `failed` otherwise, `given_up` is not tried again.
 */
export type RunFailure = 'held' | 'problem' | 'rate_limited' | 'failed' | 'given_up';

/** How the starboard does. Labels are bounded by the lists above; never a guild. */
@Injectable()
export class StarboardMetrics {
  private readonly runs: Counter<'outcome'>;
  private readonly tasks: Gauge;
  private readonly guildsWithProblems: Gauge;

  constructor(registry: Registry) {
    this.runs = new Counter({
      name: 'serverstats_starboard_runs_total',
      help:
        'Runs of the starboard by outcome: posted, edited, unchanged, below, age_restricted, removed, withdrawn, gone, ' +
        'unwanted, channel_gone, nothing_found; not finished: held, problem, rate_limited, failed, given_up',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.tasks = new Gauge({
      name: 'serverstats_starboard_tasks',
      help: 'Messages and posts that something is to be done about, in all guilds, at the last look',
      registers: [registry],
    });
    this.guildsWithProblems = new Gauge({
      name: 'serverstats_starboard_guilds_with_problems',
      help: 'Guilds in which something keeps the starboard from working, see the table starboard_problems',
      registers: [registry],
    });
  }

  countRun(outcome: RunOutcome | RunFailure): void {
    this.runs.inc({ outcome });
  }

  setWaiting({ tasks, guildsWithProblems }: { tasks: number; guildsWithProblems: number }): void {
    this.tasks.set(tasks);
    this.guildsWithProblems.set(guildsWithProblems);
  }
}
