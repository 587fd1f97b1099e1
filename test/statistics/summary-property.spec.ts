import fc from 'fast-check';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import {
  derivedEventId,
  DISCORD_EPOCH_MS,
  fieldIn,
  FLAG_BOT_UNKNOWN,
  FLAG_IS_BOT,
  groupingsOf,
  filtersOf,
  isTimed,
  StatisticsContract,
  SWITCH_NAMES,
  type CompiledKind,
  type FieldColumn,
  type StatisticEvent,
} from '#libs/contracts';
import { createDataSource, keepPartitions, partitionedTables } from '#libs/database';
import { Eraser } from '#libs/erasure';
import { RollupWorker } from '#libs/statistics';
import { StatisticsMetrics } from '../../apps/ingestion/src/statistics/statistics.metrics.js';
import { StatisticsWriter } from '../../apps/ingestion/src/statistics/statistics.writer.js';
import type { DelayStatistics } from '../../apps/query/src/statistics/summary/dto/delay-statistics.dto.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { EventModel, recordKey, type Selection } from './event-model.js';
import { clockChanges } from './local-clock.js';

/** `PROPERTY_RUNS=5000 npm test -- summary-property` tries more cases. */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 60);
const RETENTION_DAYS = 400;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const CONTRACT = new StatisticsContract();
const KINDS = [
  'message.sent',
  'command.used',
  'giveaway.responded',
  'reminder.created',
  'tempchannel.creation_timed',
  'tag.send_timed',
  'member.joined',
  'member.left',
  'message.deleted',
].map((name) => CONTRACT.kind(name)!);
const ZONES = ['UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Europe/Amsterdam'];
const USERS = ['17', '99', '81384788765712384', '9223372036854775807'];
const CHANNELS = ['5', '175928847299117063', '1075928847299117063'];
const LABELS = ['ping', 'Ping', 'ping ', '=1+1', 'ü', '🎉', '\uffee'];

const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const oldest = today - 390 * DAY_MS;

const ANYTHING: unknown = expect.anything();

/** Times around which counting is likely to be wrong: clock changes, and the starts of days and months. */
const edges = [
  ...ZONES.flatMap((zone) => clockChanges(zone, oldest, today)),
  today,
  today - 30 * DAY_MS,
  startOfMonth(today),
  today - 45 * DAY_MS,
];

/** Times around an edge, most of them within a few quarters of an hour, so that events share buckets. */
function instantsAround(edge: number): fc.Arbitrary<number> {
  const quarters = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 2, arbitrary: fc.integer({ min: -100, max: 100 }) },
    { weight: 1, arbitrary: fc.integer({ min: -2_900, max: 2_900 }) },
  );
  const offset = fc.oneof(fc.constantFrom(0, -1, 1), fc.integer({ min: 0, max: 15 * MINUTE_MS }));
  return fc
    .tuple(quarters, offset)
    .map(([quarter, ms]) => edge + quarter * 15 * MINUTE_MS + ms)
    .map((time) => Math.min(Math.max(time, oldest), Date.now() - MINUTE_MS));
}

/** Ages of messages and stays, which are few, so that events refer to each other. */
const AGES = [0, 1, MINUTE_MS, 20 * DAY_MS, 9 * 365 * DAY_MS];

function eventsAround(edge: number): fc.Arbitrary<Omit<StatisticEvent, 'guildId'>> {
  return fc
    .record({
      kind: fc.constantFrom(...KINDS),
      occurredAt: fc.oneof(
        { weight: 3, arbitrary: instantsAround(edge) },
        { weight: 1, arbitrary: fc.constant(Math.max(edge - MINUTE_MS, oldest)) },
      ),
      // Few ids, so that some events are duplicates.
      eventId: fc.integer({ min: 0, max: 3 }).map((n) => `00000000-0000-4000-8000-00000000000${n}`),
      user: fc.constantFrom(...USERS),
      hasUser: fc.boolean(),
      actorId: fc.option(fc.constantFrom(...USERS)),
      channelId: fc.constantFrom(...CHANNELS),
      label: fc.constantFrom(...LABELS),
      value: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 86_400_000_000 })),
      age: fc.option(fc.constantFrom(...AGES)),
      begin: fc.constantFrom(edge - MINUTE_MS, edge - DAY_MS),
      isBot: fc.option(fc.boolean()),
    })
    .map(
      ({ kind, user, hasUser, actorId, channelId, label, value, isBot, ...rest }): Omit<StatisticEvent, 'guildId'> => {
        const { definition } = kind;
        const has = (column: FieldColumn) => fieldIn(definition, column) !== undefined;
        const event = {
          kind,
          occurredAt: rest.occurredAt,
          eventId: rest.eventId,
          userId: has('user_id') || (definition.optionalUser && hasUser) ? user : null,
          actorId: has('actor_id') ? actorId : null,
          channelId: has('channel_id') ? channelId : null,
          messageId: has('message_id') ? channelId : null,
          label: has('label') ? label : null,
          value: has('value') ? value : null,
          flags: has('is_bot') && isBot ? FLAG_IS_BOT : 0,
        };
        if (has('is_bot') && isBot === null && kind.isClaimed) event.flags = FLAG_BOT_UNKNOWN;
        return { ...event, ...identified(event, rest) };
      },
    );
}

/** What the identity of the kind demands of the event. Publishers' clocks differ, so leaves and deletions have any time. */
function identified(
  { kind, occurredAt, userId, value }: Omit<StatisticEvent, 'guildId'>,
  { age, begin }: { age: number | null; begin: number },
): Partial<StatisticEvent> {
  switch (kind.name) {
    case 'message.sent': {
      const messageId = snowflakeAt(occurredAt);
      return { messageId, eventId: derivedEventId(messageId) };
    }
    case 'message.deleted': {
      const sentAt = Math.min(age === null ? begin : occurredAt - age, occurredAt);
      const messageId = snowflakeAt(sentAt);
      return { messageId, eventId: derivedEventId(`${messageId}:deleted`), value: (occurredAt - sentAt) * 1000 };
    }
    case 'member.joined':
      return { eventId: derivedEventId(`${userId}:${occurredAt}`) };
    case 'member.left': {
      if (age === null) return { value: null };
      const joinedAt = Math.min(begin, occurredAt - age);
      const eventId = derivedEventId(`${userId}:${joinedAt}:left`);
      return { eventId, value: (occurredAt - joinedAt) * 1000 };
    }
    default:
      return { value };
  }
}

function snowflakeAt(time: number): string {
  return (BigInt(time - DISCORD_EPOCH_MS) << 22n).toString();
}

type Step = { write: Omit<StatisticEvent, 'guildId'>[] } | { rollUpAt: number } | { erase: string };

function stepsAround(edge: number): fc.Arbitrary<Step> {
  const events = eventsAround(edge);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ write: fc.array(events, { minLength: 1, maxLength: 40 }) }) },
    // Many events in one quarter of an hour, so that it is a busy bucket.
    {
      weight: 1,
      arbitrary: fc.record({
        write: fc.array(events, { minLength: 120, maxLength: 150 }).map((batch) =>
          batch.map((event, index) => ({
            ...event,
            kind: KINDS[0]!,
            occurredAt: Math.floor(batch[0]!.occurredAt / (15 * MINUTE_MS)) * 15 * MINUTE_MS + index,
            channelId: event.channelId ?? CHANNELS[0]!,
            actorId: null,
            messageId: '1',
            label: null,
            value: null,
          })),
        ),
      }),
    },
    // Computes the buckets that have settled by then: all, or only quarters of an hour of an unfinished day.
    {
      weight: 3,
      arbitrary: fc.record({ rollUpAt: fc.oneof(instantsAround(edge), fc.constant(Date.now() + 3 * DAY_MS)) }),
    },
    { weight: 1, arbitrary: fc.record({ erase: fc.constantFrom(...USERS) }) },
  );
}

/** Undefined in three of four cases. */
function rarely(...values: string[]): fc.Arbitrary<string | undefined> {
  return fc.constantFrom(...values).chain((value) => fc.constantFrom(value, undefined, undefined, undefined));
}

function questionsAround(edge: number) {
  return fc.record({
    kind: fc.constantFrom(...KINDS),
    from: instantsAround(edge),
    lengthMs: fc.oneof(
      fc.integer({ min: 1, max: 31 * DAY_MS }),
      fc.integer({ min: 1, max: 200 }).map((n) => n * 900_000),
    ),
    interval: fc.constantFrom('hour' as const, 'day' as const),
    timeZone: fc.constantFrom(...ZONES),
    groupBy: fc.nat(),
    top: fc.integer({ min: 1, max: 5 }),
    userId: rarely(...USERS),
    channelId: rarely(...CHANNELS),
    limit: fc.integer({ min: 1, max: 60 }),
    format: fc.constantFrom('csv', 'ndjson'),
  });
}

type Question = ReturnType<typeof questionsAround> extends fc.Arbitrary<infer Q> ? Q : never;

interface Summary {
  total: number;
  previous_total: number | null;
  stats?: (DelayStatistics & { count?: number }) | null;
  series: { bucket: string; count: number; stats?: DelayStatistics | null }[];
  groups: { key: string | null; count: number }[];
}

describe('summary, view and export', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let query: QueryInProcess;
  let guilds = 1_000_000_000_000_000_000n;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 4, applicationName: 'test' }).initialize();
    for (const table of partitionedTables({ eventDays: RETENTION_DAYS, summaryDays: 2 * RETENTION_DAYS })) {
      await keepPartitions(dataSource, table, new Date());
    }
    query = await startQueryInProcess(database.url, {
      RETENTION_DAYS: String(RETENTION_DAYS),
      SUMMARY_RETENTION_DAYS: String(2 * RETENTION_DAYS),
    });
  });
  afterAll(async () => {
    await query.close();
    await dataSource.destroy();
    await database.release();
  });

  it('should return exactly what an in-memory model returns, after writes, rollups and erasures in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...edges)
          .chain((edge) =>
            fc.tuple(
              fc.array(stepsAround(edge), { minLength: 1, maxLength: 8 }),
              fc.array(questionsAround(edge), { minLength: 2, maxLength: 2 }),
            ),
          ),
        async ([steps, questions]) => {
          const guildId = await openGuild();
          const model = await carryOut(guildId, steps);
          for (const question of questions) await ask(guildId, model, question);
          expect(await claimsOf(guildId)).toEqual(model.claimedIds);
        },
      ),
      // The seed of a failure is printed; shrinking would exceed the time limit of the test.
      { numRuns: RUNS, endOnFailure: true },
    );
  }, 600_000);

  async function openGuild(): Promise<string> {
    const guildId = String((guilds += 7n));
    await database.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
       VALUES ($1, true, now(), now(), $2, false, false)`,
      [guildId, SWITCH_NAMES],
    );
    return guildId;
  }

  async function carryOut(guildId: string, steps: readonly Step[]): Promise<EventModel> {
    const model = new EventModel();
    const writer = new StatisticsWriter(dataSource, CONTRACT, new StatisticsMetrics(new Registry()));
    const worker = new RollupWorker(dataSource, CONTRACT);
    const eraser = new Eraser(dataSource, { memberEvents: 3, guildRows: 3 });
    for (const step of steps) {
      if ('write' in step) {
        const events = step.write.map((event) => ({ ...event, guildId }));
        await writer.write(events);
        model.write(events);
      } else if ('rollUpAt' in step) {
        await worker.run(step.rollUpAt);
      } else {
        await eraser.eraseMember(guildId, step.erase);
        model.erase(step.erase);
      }
    }
    return model;
  }

  async function claimsOf(guildId: string): Promise<string[]> {
    const rows = await database.query<{ kind: number; event_id: string }>(
      'SELECT kind, event_id FROM statistic_claims WHERE guild_id = $1',
      [guildId],
    );
    return rows.map(({ kind, event_id }) => `${CONTRACT.nameOf(kind)} ${event_id}`).toSorted();
  }

  async function ask(guildId: string, model: EventModel, question: Question): Promise<void> {
    const { kind, from, interval, timeZone, top, limit, format } = question;
    const to = Math.min(from + question.lengthMs, Date.now());
    const has = filtersOf(kind.definition);
    const userId = has.includes('user_id') ? question.userId : undefined;
    const channelId = has.includes('channel_id') ? question.channelId : undefined;
    const selection: Selection = { kind, from, to, userId, channelId };
    const groupings = [undefined, ...groupingsOf(kind.definition).keys()];
    const groupBy = groupings[question.groupBy % groupings.length];
    const base = {
      guild_id: guildId,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...(userId && { user_id: userId }),
      ...(channelId && { channel_id: channelId }),
    };
    const path = kind.definition.viewPath;

    const answer = await query.client.get<Summary>(path.replace(/view$/, 'summary'), {
      ...base,
      interval,
      timezone: timeZone,
      top,
      ...(groupBy && { group_by: groupBy }),
    });
    expect(answer.error).toEqual({});
    const expected = model.summary(selection, { interval, timeZone, groupBy, top });
    const { data } = answer;
    expect(data.total).toBe(expected.total);
    expect(data.series.map(({ bucket, count }) => ({ bucket, count }))).toEqual(
      expected.series.map(({ bucket, count }) => ({ bucket, count })),
    );
    expect(data.groups).toEqual(expected.groups);
    // Other tests cover previous windows from before the retention.
    const knowsPrevious = from - (to - from) >= Date.now() - RETENTION_DAYS * DAY_MS;
    expect([knowsPrevious, data.previous_total]).toEqual([
      knowsPrevious,
      knowsPrevious ? expected.previousTotal : ANYTHING,
    ]);
    if (isTimed(kind.definition)) {
      expectStatistics(data.stats, expected.values);
      for (const [index, { values }] of expected.series.entries()) expectStatistics(data.series[index]!.stats, values);
    }

    const records = model.records(selection);
    const walked = await query.client.walk(path, { ...base, limit });
    expect(walked.map((record) => keyOf(kind, record, model, selection)).toSorted()).toEqual(records);
    const times = walked.map(({ timestamp }) => timestamp as string);
    expect(times).toEqual(times.toSorted().toReversed());

    const search = new URLSearchParams({ ...base, format });
    const response = await query.client.download(`${path}?${search}`);
    const lines = response.split(format === 'csv' ? '\r\n' : '\n').filter((line) => line !== '');
    const downloaded =
      format === 'ndjson' ? lines.map((line) => JSON.parse(line) as unknown) : lines.slice(1).map(firstCell);
    expect(downloaded).toEqual(format === 'ndjson' ? walked : walked.map(({ id }) => id));
  }
});

function firstCell(line: string): string {
  return line.slice(0, line.indexOf(','));
}

/** An erased record has a new, random id, so this only checks that it is none of the old ids. */
function keyOf(kind: CompiledKind, record: Record<string, unknown>, model: EventModel, selection: Selection): string {
  const at = Date.parse(record.timestamp as string);
  const known = model
    .select({ ...selection, from: at, to: at + 1 })
    .some((event) => !event.erased && event.eventId === record.id);
  const value = <T>(column: FieldColumn) => (record[fieldIn(kind.definition, column) ?? ''] ?? null) as T | null;
  return recordKey({
    id: known ? (record.id as string) : '',
    timestamp: record.timestamp as string,
    user: (record.user_id as string | undefined) ?? null,
    actor: value<string>('actor_id'),
    channel: value<string>('channel_id'),
    message: value<string>('message_id'),
    label: value<string>('label'),
    delay: value<number>('value'),
    since: value<string>('since'),
    isBot: value<boolean>('is_bot'),
  });
}

/** @param values microseconds, sorted */
function expectStatistics(
  found: (DelayStatistics & { count?: number }) | null | undefined,
  values: readonly number[],
): void {
  if (values.length === 0) {
    expect(found).toBeNull();
    return;
  }
  const rank = (share: number) => values[Math.max(1, Math.ceil(share * values.length)) - 1]! / 1000;
  const sum = values.reduce((total, value) => total + value, 0);
  expect([undefined, values.length]).toContain(found!.count);
  expect(found!.min).toBe(values[0]! / 1000);
  expect(found!.max).toBe(values.at(-1)! / 1000);
  expect(found!.avg / (sum / values.length / 1000) || 1).toBeCloseTo(1, 9);
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    // Stored and returned values are whole microseconds.
    expect(Math.abs(found![name] - rank(share))).toBeLessThanOrEqual(0.02 * rank(share) + 0.0005);
  }
}

function startOfMonth(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
