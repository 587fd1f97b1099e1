import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { GAUGE_NAMES, GAUGES, SNAPSHOT_COUNT_FIELDS, type SnapshotCountField } from '#libs/contracts';
import { createDataSource } from '#libs/database';
import { GuildSnapshotsWriter } from '../../apps/ingestion/src/guilds/guild-snapshots.writer.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { bucketStarts, clockChanges } from '../statistics/local-clock.js';
import { DocumentedApi } from './documented-api.js';
import { newGuildId } from './guild-ids.js';

/** `PROPERTY_RUNS=2000 npm test -- test/query/gauges` tries more cases. */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 40);
const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 86_400_000;
const ZONES = ['UTC', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Europe/Amsterdam'];
const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;

type Counts = Partial<Record<SnapshotCountField, number>>;

interface Bucket {
  bucket: string;
  last: number | null;
  min: number | null;
  max: number | null;
}

interface Gauges {
  from: string;
  to: string;
  gauges: { gauge: string; current: number | null; current_at: string | null; series: Bucket[] }[];
}

describe('gauges', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let writer: GuildSnapshotsWriter;
  let query: QueryInProcess;
  let api: DocumentedApi;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 4, applicationName: 'test' }).initialize();
    writer = new GuildSnapshotsWriter(dataSource);
    query = await startQueryInProcess(database.url);
    api = await DocumentedApi.of(query.url);
  });
  afterAll(async () => {
    await query?.close();
    await dataSource?.destroy();
    await database?.release();
  });

  const openGuild = async () => {
    const guildId = newGuildId();
    await query.client.openGuild(guildId);
    return guildId;
  };
  const store = (guildId: string, time: number, counts: Counts) =>
    writer.store({ guild_id: guildId, ...counts } as Parameters<typeof writer.store>[0], new Date(time));
  const ask = async (guildId: string, parameters: Record<string, string | number> = {}) => {
    const answer = await query.client.get<Gauges>('stats/gauges', { guild_id: guildId, ...parameters });
    expect(api.mistakesOf('GET', '/modules/serverstats/stats/gauges', answer)).toBeUndefined();
    return answer;
  };
  /** The only gauge that was asked for. */
  const gauge = async (guildId: string, name: string, parameters: Record<string, string | number>) => {
    const { data, error } = await ask(guildId, { gauges: name, ...parameters });
    expect(error).toEqual({});
    expect(data.gauges.map((one) => one.gauge)).toEqual([name]);
    return { ...data.gauges[0]!, from: data.from, to: data.to };
  };
  const iso = (time: number) => new Date(time).toISOString();

  it('should have the last, smallest and largest count of each day, and null without a snapshot', async () => {
    const guildId = await openGuild();
    const noon = today - 3 * DAY_MS + DAY_MS / 2;
    for (const [time, member_count] of [
      [noon, 12],
      [noon + 2 * QUARTER_MS, 11],
      [noon + QUARTER_MS, 15],
      [noon + QUARTER_MS + 1, 14],
      [noon + 2 * DAY_MS, 0],
    ] as const) {
      await store(guildId, time, { member_count });
    }
    const window = { from: iso(today - 3 * DAY_MS), to: iso(today) };
    const members = await gauge(guildId, 'members', window);
    expect(members).toEqual({
      gauge: 'members',
      current: 0,
      current_at: iso(noon + 2 * DAY_MS),
      ...window,
      series: [
        { bucket: iso(today - 3 * DAY_MS), last: 11, min: 11, max: 14 },
        { bucket: iso(today - 2 * DAY_MS), last: null, min: null, max: null },
        { bucket: iso(today - DAY_MS), last: 0, min: 0, max: 0 },
      ],
    });
  });

  it('should show every count of the snapshots as a gauge, in the order of the catalogue', async () => {
    const guildId = await openGuild();
    const time = Date.now() - 1;
    const counts = Object.fromEntries(SNAPSHOT_COUNT_FIELDS.map((field, index) => [field, index + 1])) as Counts;
    await store(guildId, time, counts);
    const { data } = await ask(guildId, { days: 1 });
    expect(data.gauges.map(({ gauge: name, current, current_at: at }) => [name, current, at])).toEqual(
      GAUGE_NAMES.map((name) => [name, counts[GAUGES[name].field], iso(time)]),
    );
    expect(new Set(GAUGE_NAMES.map((name) => GAUGES[name].field))).toEqual(new Set(SNAPSHOT_COUNT_FIELDS));
    const last = data.gauges.map(({ series }) => series.at(-1)!.last);
    expect(last).toEqual(GAUGE_NAMES.map((name) => counts[GAUGES[name].field]));
    const some = await ask(guildId, { gauges: 'roles,bots,roles' });
    expect(some.data.gauges.map((one) => one.gauge)).toEqual(['bots', 'roles']);
  });

  it('should show a current count that is older than the window, and none of a guild without snapshots', async () => {
    const guildId = await openGuild();
    await store(guildId, today - 200 * DAY_MS, { member_count: 7, bot_count: 2 });
    await store(guildId, today - 100 * DAY_MS, { member_count: 8 });
    const { data } = await ask(guildId, { days: 1, gauges: 'members,bots,idle' });
    expect(data.gauges.map(({ current, current_at: at }) => [current, at])).toEqual([
      [8, iso(today - 100 * DAY_MS)],
      [2, iso(today - 200 * DAY_MS)],
      [null, null],
    ]);
    expect(data.gauges.flatMap(({ series }) => series).every(({ last }) => last === null)).toBe(true);
    const { data: nothing } = await ask(await openGuild());
    expect(nothing.gauges.every(({ current, series }) => current === null && series.length === 31)).toBe(true);
  });

  it('should forget the count of a snapshot that a newer one without it has replaced', async () => {
    const guildId = await openGuild();
    const time = today - DAY_MS;
    await store(guildId, time, { member_count: 7, bot_count: 2 });
    await store(guildId, time + 1, { member_count: 8 });
    const bots = await gauge(guildId, 'bots', { from: iso(time), to: iso(today) });
    expect([bots.current, bots.current_at, bots.series]).toEqual([
      null,
      null,
      [{ bucket: iso(time), last: null, min: null, max: null }],
    ]);
  });

  it('should reach back as far as snapshots are kept', async () => {
    const guildId = await openGuild();
    const oldest = Date.now() - 400 * DAY_MS;
    await store(guildId, oldest + 5 * MINUTE_MS, { member_count: 3 });
    await store(guildId, oldest - 5 * MINUTE_MS, { member_count: 2 });
    const windows: Record<string, string | number>[] = [{ days: 4_000 }, { from: iso(oldest - 50 * DAY_MS) }];
    for (const window of windows) {
      const { from, series } = await gauge(guildId, 'members', window);
      expect(Date.parse(from)).toBeGreaterThanOrEqual(oldest);
      expect(Date.parse(from)).toBeLessThan(oldest + 5 * MINUTE_MS);
      expect(series.length).toBeGreaterThanOrEqual(400);
      expect(series[0]).toMatchObject({ last: 3, min: 3, max: 3 });
    }
    const hours = await gauge(guildId, 'members', { days: 400, interval: 'hour', timezone: 'Asia/Kathmandu' });
    expect(hours.series.length).toBeGreaterThanOrEqual(9_600);
    expect(hours.series.filter(({ last }) => last !== null)).toMatchObject([{ last: 3 }]);
  });

  it('should refuse what it cannot answer, and name the field', async () => {
    const guildId = await openGuild();
    const fieldsOf = async (parameters: Record<string, string | number>) => {
      const { status, error } = await ask(guildId, parameters);
      return [status, (error as { fields?: { field: string }[] }).fields?.map(({ field }) => field)];
    };
    expect(await fieldsOf({ gauges: 'members,' })).toEqual([400, ['gauges']]);
    expect(await fieldsOf({ gauges: 'toString' })).toEqual([400, ['gauges']]);
    expect(await fieldsOf({ days: 400, interval: 'hour' })).toEqual([400, ['interval']]);
    expect(await fieldsOf({ days: 100, interval: 'hour' })).toEqual([200, undefined]);
    expect(await fieldsOf({ days: 1, from: iso(today) })).toEqual([400, ['days']]);
    expect(await fieldsOf({ to: iso(today) })).toEqual([400, ['to']]);
    await query.client.send('POST', 'disable', { guild_id: guildId });
    const { status, error } = await ask(guildId);
    expect([status, error]).toMatchObject([409, { name: 'ModuleDisabledError' }]);
  });

  it('should return exactly what a plain list of snapshots gives, in any zone and window', async () => {
    const oldest = today - 390 * DAY_MS;
    const edges = [...ZONES.flatMap((zone) => clockChanges(zone, oldest, today)), today];
    const instants = (edge: number) =>
      fc
        .tuple(
          fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -110, max: 110 })),
          fc.oneof(fc.constantFrom(0, -1, 1), fc.integer({ min: 0, max: QUARTER_MS })),
        )
        .map(([quarter, ms]) => Math.min(edge + quarter * QUARTER_MS + ms, Date.now() - 1));
    const counts = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(65_534, 65_535, 65_536, 2_147_483_647));
    const count = fc.option(counts, { nil: undefined });
    const cases = fc.constantFrom(...edges).chain((edge) =>
      fc.record({
        snapshots: fc.array(
          fc.record({ time: instants(edge), counts: fc.record({ member_count: count, voice_member_count: count }) }),
          { minLength: 1, maxLength: 25 },
        ),
        window: fc.tuple(instants(edge), instants(edge)).filter(([a, b]) => a !== b),
        interval: fc.constantFrom('hour' as const, 'day' as const),
        timezone: fc.constantFrom(...ZONES),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ snapshots, window, interval, timezone }) => {
        const guildId = await openGuild();
        const kept = new Map<number, { time: number; counts: Counts }>();
        for (const snapshot of snapshots) {
          const { time, counts } = snapshot;
          await store(guildId, time, counts);
          const quarter = Math.floor(time / QUARTER_MS);
          if ((kept.get(quarter)?.time ?? 0) <= time) kept.set(quarter, snapshot);
        }
        const history = [...kept.values()].toSorted((a, b) => a.time - b.time);
        const [from, to] = window.toSorted((a, b) => a - b) as [number, number];
        const { data } = await ask(guildId, {
          from: iso(from),
          to: iso(to),
          interval,
          timezone,
          gauges: 'members,voice',
        });
        const starts = bucketStarts(from, to, interval, timezone);
        for (const [index, field] of (['member_count', 'voice_member_count'] as const).entries()) {
          const counted = history.filter(({ counts }) => counts[field] !== undefined);
          const series = starts.map((start, bucket) => {
            const end = Math.min(to, starts[bucket + 1] ?? Infinity);
            const counts = counted.filter(({ time }) => time >= Math.max(start, from) && time < end);
            const values = counts.map((one) => one.counts[field]!);
            if (values.length === 0) return { bucket: iso(start), last: null, min: null, max: null };
            return { bucket: iso(start), last: values.at(-1), min: Math.min(...values), max: Math.max(...values) };
          });
          const newest = counted.at(-1);
          expect(data.gauges[index]).toEqual({
            gauge: ['members', 'voice'][index],
            current: newest?.counts[field] ?? null,
            current_at: newest === undefined ? null : iso(newest.time),
            series,
          });
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  }, 300_000);
});
