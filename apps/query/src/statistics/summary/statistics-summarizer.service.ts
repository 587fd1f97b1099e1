import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { RetentionConfig } from '#libs/config';
import { groupingsOf, isTimed, mayLackMeasure, StatisticsContract, type CompiledKind } from '#libs/contracts';
import { countKinds, type EventFilter, type TimeWindow } from '#libs/statistics';
import { GuildDatabase } from '../../database/guild-database.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { EventHorizonReader } from '../window/event-horizon.reader.js';
import { previousWindow } from '../window/previous-window.js';
import { resolveWindow } from '../window/window.js';
import type { WindowRequest } from '../window/window-request.dto.js';
import { countKind, type Tallies, type Tally } from './count-window.js';
import { DelayCollector } from './delay-statistics.js';
import { groupKind } from './group-window.js';
import { localBuckets } from './local-buckets.js';
import type { OverviewAnswer } from './dto/overview.dto.js';
import type { SummaryAnswer } from './dto/summary.dto.js';
import { DEFAULT_TOP, type SummaryRequest } from './summary-request.dto.js';

/** Summarizes records. A summary equals the count of the individual records in the same snapshot. */
@Injectable()
export class StatisticsSummarizer {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly database: GuildDatabase,
    private readonly horizon: EventHorizonReader,
    private readonly contract: StatisticsContract,
    private readonly retention: RetentionConfig,
  ) {}

  /**
   * @throws BadRequestError for an invalid window
   * @throws ModuleDisabledError
   */
  async summarize(kind: CompiledKind, request: SummaryRequest): Promise<SummaryAnswer> {
    const now = Date.now();
    const asked = resolveWindow(request, now, this.retention.eventDays);
    const { guild_id: guildId, interval = 'day', timezone = 'UTC', top = DEFAULT_TOP } = request;
    const filter: EventFilter = { userId: request.user_id, channelId: request.channel_id };
    const isFiltered = filter.userId !== undefined || filter.channelId !== undefined;
    await this.settings.requireEnabled(guildId);
    const window = await this.horizon.clip(asked);
    const previous = previousWindow(window, now, this.retention, await this.horizon.read(), !isFiltered);
    const buckets = localBuckets(window, interval, timezone);

    // The cell before the first boundary is the previous period.
    const boundaries = [window.from, ...buckets.slice(1)];
    const { tallies, groups } = await this.database.readSnapshot(async (manager) => {
      const span = spanOf(window, previous);
      const counted = await countKind(manager, kind, { guildId, window: span, boundaries }, filter);
      return { tallies: counted, groups: await this.groups(manager, kind, request, { window, filter, top }, counted) };
    });
    const series = tallies.cells.slice(1, 1 + buckets.length);
    const stats = (delays: DelayCollector) => statisticsOf(kind, delays);
    return {
      ...answered(window),
      total: totalOf(series),
      previous_total: previous && tallies.at(0).count,
      ...stats(together(series)),
      series: series.map(({ count, delays }, index) => ({
        bucket: new Date(buckets[index]!).toISOString(),
        count,
        ...stats(delays),
      })),
      groups,
    };
  }

  /**
   * @throws BadRequestError for an invalid window
   * @throws ModuleDisabledError
   */
  async overview(request: WindowRequest): Promise<OverviewAnswer> {
    const now = Date.now();
    const asked = resolveWindow(request, now, this.retention.eventDays);
    const guildId = request.guild_id;
    const { switches } = await this.settings.requireEnabled(guildId);
    const window = await this.horizon.clip(asked);
    const previous = previousWindow(window, now, this.retention, await this.horizon.read(), true);
    const { kinds } = this.contract;
    const numbers = kinds.map(({ number }) => number);
    const counts = await this.database.readSnapshot((manager) =>
      countKinds(manager, numbers, { guildId, window: spanOf(window, previous), boundaries: [window.from] }),
    );
    return {
      ...answered(window),
      kinds: kinds.map(({ name, number, definition }) => {
        const [before, current] = counts.get(number) as [number, number];
        return {
          kind: name,
          enabled: switches.includes(definition.switch),
          total: current,
          previous_total: previous && before,
        };
      }),
    };
  }

  private async groups(
    manager: EntityManager,
    kind: CompiledKind,
    { guild_id: guildId, group_by: groupBy }: SummaryRequest,
    { window, filter, top }: { window: TimeWindow; filter: EventFilter; top: number },
    tallies: Tallies,
  ): Promise<SummaryAnswer['groups']> {
    if (groupBy === undefined) return [];
    const dimension = groupingsOf(kind.definition).get(groupBy)!;
    // With a filter on the grouping field, there is only one group.
    const only = { user: filter.userId, channel: filter.channelId, label: undefined, actor: undefined }[dimension];
    if (only !== undefined) {
      const count = totalOf(tallies.cells.slice(1));
      return count > 0 ? [{ key: only, count }] : [];
    }
    const rows = await groupKind(manager, kind, { guildId, window, dimension, filter, top });
    return rows.map(({ key, count }) => ({ key, count: Number(count) }));
  }
}

/** Without a measure, an event has no part in the statistics, so those of such kinds say how many have one. */
function statisticsOf({ definition }: CompiledKind, delays: DelayCollector): Pick<SummaryAnswer, 'stats'> {
  if (!isTimed(definition)) return {};
  const stats = delays.statistics();
  return { stats: stats && mayLackMeasure(definition) ? { count: delays.count, ...stats } : stats };
}

/** The window together with the previous period. */
function spanOf(window: TimeWindow, previous: TimeWindow | null): TimeWindow {
  return { from: previous?.from ?? window.from, to: window.to };
}

function answered(window: TimeWindow): { from: string; to: string } {
  return { from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString() };
}

function totalOf(tallies: readonly Tally[]): number {
  return tallies.reduce((sum, { count }) => sum + count, 0);
}

function together(tallies: readonly Tally[]): DelayCollector {
  const all = new DelayCollector();
  for (const { delays } of tallies) all.add(delays);
  return all;
}
