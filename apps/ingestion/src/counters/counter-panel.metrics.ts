import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import type { DiscordFailure } from '#libs/discord';

/** `renamed`, or the kind of Discord's error. */
export type RenameOutcome = 'renamed' | DiscordFailure['kind'];

/**
 * - `done`: every counter is up to date, or its row says why not
 * - `failed`: an unexpected error; the refresh is retried
 */
export type RefreshOutcome = 'done' | 'failed';

/** Metrics of counters. Label values are bounded by the lists above; a guild is never a label. */
@Injectable()
export class CounterPanelMetrics {
  private readonly renames: Counter<'outcome'>;
  private readonly refreshes: Counter<'outcome'>;
  private readonly due: Gauge;
  private readonly removed: Counter;

  constructor(registry: Registry) {
    this.renames = new Counter({
      name: 'serverstats_counter_panel_renames_total',
      help: 'Attempts to rename a channel, by outcome: renamed, rate_limited, unauthorized, forbidden, not_found, rejected, unavailable',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.refreshes = new Counter({
      name: 'serverstats_counter_panel_refreshes_total',
      help: 'Refreshes of the counters of a guild, by outcome: done, failed',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.due = new Gauge({
      name: 'serverstats_counter_panel_guilds_due',
      help: 'Guilds that were due for a refresh at the last poll, up to the batch size',
      registers: [registry],
    });
    this.removed = new Counter({
      name: 'serverstats_counter_panel_abandoned_channels_total',
      help: 'Channels removed because the request that created them did not finish',
      registers: [registry],
    });
  }

  countRename(outcome: RenameOutcome): void {
    this.renames.inc({ outcome });
  }

  countRefresh(outcome: RefreshOutcome): void {
    this.refreshes.inc({ outcome });
  }

  setDue(guilds: number): void {
    this.due.set(guilds);
  }

  countRemoved(): void {
    this.removed.inc();
  }
}
