import { Injectable } from '@nestjs/common';
import { RetentionConfig } from '#libs/config';
import { GAUGE_NAMES, GAUGES, type GaugeName } from '#libs/contracts';
import { DAY_MS, findNewestBuckets, readDays, type FieldDays } from '#libs/statistics';
import { GuildDatabase } from '../../database/guild-database.js';
import { BadRequestError } from '../../http/api-error.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { localBuckets, type Interval } from '../summary/local-buckets.js';
import { resolveWindow } from '../window/window.js';
import type { GaugeAnswer, GaugesAnswer } from './dto/gauges.dto.js';
import { GaugeSeries, WindowBuckets } from './gauge-series.js';
import type { GaugesRequest } from './gauges-request.dto.js';
import { readSnapshots, type Snapshot } from './snapshots.queries.js';

/** The buckets of all gauges of an answer together, which then has about two megabytes. */
export const MAX_BUCKETS = 30_000;

/** Reads the history of a guild's snapshots. */
@Injectable()
export class GaugesReader {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly database: GuildDatabase,
    private readonly retention: RetentionConfig,
  ) {}

  /**
   * @throws BadRequestError for an invalid window, or too many buckets
   * @throws ModuleDisabledError
   */
  async read(request: GaugesRequest): Promise<GaugesAnswer> {
    const now = Date.now();
    const { summaryDays } = this.retention;
    const { guild_id: guildId, interval = 'day', timezone = 'UTC', gauges = GAUGE_NAMES } = request;
    const window = resolveWindow(request, now, summaryDays, Infinity);
    const starts = localBuckets(window, interval, timezone);
    limitBuckets(starts.length * gauges.length, interval);
    await this.settings.requireEnabled(guildId);

    const buckets = new WindowBuckets(window, starts);
    const fields = gauges.map((gauge) => GAUGES[gauge].field);
    const history = await this.database.read(async (manager): Promise<History> => {
      const newest = await findNewestBuckets(manager, guildId, fields, now - summaryDays * DAY_MS);
      const days = await readDays(manager, guildId, fields, window);
      const needed = new Set([...buckets.divided, ...newest.values()]);
      return { newest, days, snapshots: await readSnapshots(manager, guildId, [...needed]) };
    });
    const instants = starts.map((start) => new Date(start).toISOString());
    return {
      from: new Date(window.from).toISOString(),
      to: new Date(window.to).toISOString(),
      gauges: gauges.map((gauge) => gaugeAnswer(gauge, history, buckets, instants)),
    };
  }
}

interface History {
  /** The newest 15-minute bucket with a count, by field. */
  newest: ReadonlyMap<string, number>;
  days: readonly FieldDays[];
  /** The snapshots of the newest and of all divided 15-minute buckets. */
  snapshots: readonly Snapshot[];
}

function gaugeAnswer(
  gauge: GaugeName,
  { newest, days, snapshots }: History,
  buckets: WindowBuckets,
  instants: readonly string[],
): GaugeAnswer {
  const { field } = GAUGES[gauge];
  const series = new GaugeSeries(buckets);
  for (const ofField of days) if (ofField.field === field) series.addDays(ofField);
  const divided = new Set(buckets.divided);
  for (const snapshot of snapshots) {
    const count = snapshot.counts[field];
    if (count !== undefined && divided.has(snapshot.bucket)) series.addSnapshot(snapshot, count);
  }
  const current = snapshots.find(({ bucket }) => bucket === newest.get(field));
  const count = current?.counts[field];
  return {
    gauge,
    current: count ?? null,
    current_at: current === undefined || count === undefined ? null : new Date(current.occurredAt).toISOString(),
    series: instants.map((bucket, index) => ({ bucket, ...(series.at(index) ?? NO_COUNTS) })),
  };
}

const NO_COUNTS = { last: null, min: null, max: null };

/** @throws BadRequestError */
function limitBuckets(buckets: number, interval: Interval): void {
  if (buckets <= MAX_BUCKETS) return;
  const message = `would give ${buckets} buckets in all, of at most ${MAX_BUCKETS}: ask for fewer gauges or days`;
  throw new BadRequestError([{ field: interval === 'hour' ? 'interval' : 'gauges', message }]);
}
