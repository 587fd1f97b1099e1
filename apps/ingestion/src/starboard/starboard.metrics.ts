import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';

/**
 * The outcome of a run of a starboard task:
 * - `posted`, `edited`, `unchanged`: the message has enough stars
 * - `below`, `age_restricted`: the message gets no entry
 * - `removed`: the entry was deleted
 * - `withdrawn`: somebody else deleted it
 * - `gone`: the message does not exist (any more) and had no entry
 * - `unwanted`: the starboard is off, the author was erased, or the message is not suitable
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
 * Why a run did not finish: `held`: waits for a known problem or an unclear outcome; `problem`: met a problem;
 * `rate_limited`; `failed`: any other failure; `given_up`: is not retried.
 */
export type RunFailure = 'held' | 'problem' | 'rate_limited' | 'failed' | 'given_up';

/** Metrics of the starboard. Label values are bounded by the lists above; a guild is never a label. */
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
      help: 'Starboard tasks in all guilds at the last count',
      registers: [registry],
    });
    this.guildsWithProblems = new Gauge({
      name: 'serverstats_starboard_guilds_with_problems',
      help: 'Guilds with starboard problems, see the table starboard_problems',
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
