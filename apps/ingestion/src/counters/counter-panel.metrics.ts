import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import type { DiscordFailure } from '#libs/discord';

/** `renamed`, or what Discord failed with. */
export type RenameOutcome = 'renamed' | DiscordFailure['kind'];

/**
 * - `done`: every counter shows what it should, or its row says why not
 * - `failed`: something unexpected; it is tried again
 */
export type RefreshOutcome = 'done' | 'failed';

/** What becomes of counters. Labels are bounded by the lists above; never a guild. */
@Injectable()
export class CounterPanelMetrics {
  private readonly renames: Counter<'outcome'>;
  private readonly refreshes: Counter<'outcome'>;
  private readonly due: Gauge;
  private readonly removed: Counter;

  constructor(registry: Registry) {
    this.renames = new Counter({
      name: 'serverstats_counter_panel_renames_total',
      help: 'Channels that Discord was asked to rename, by outcome: renamed, rate_limited, unauthorized, forbidden, not_found, rejected, unavailable',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.refreshes = new Counter({
      name: 'serverstats_counter_panel_refreshes_total',
      help: 'Guilds whose counters were looked at, by outcome: done, failed',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.due = new Gauge({
      name: 'serverstats_counter_panel_guilds_due',
      help: 'Guilds that waited for a refresh at the last look, at most as many as are looked for at once',
      registers: [registry],
    });
    this.removed = new Counter({
      name: 'serverstats_counter_panel_abandoned_channels_total',
      help: 'Channels removed because the request that created them never came to its end',
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
