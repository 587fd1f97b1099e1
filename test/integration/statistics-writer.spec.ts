import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import {
  derivedEventId,
  FLAG_BOT_UNKNOWN,
  FLAG_IS_BOT,
  snowflakeTime,
  StatisticsContract,
  SWITCH_NAMES,
  type StatisticEvent,
} from '#libs/contracts';
import { createDataSource, lockStripe, sqlState, type Database } from '#libs/database';
import { Eraser } from '#libs/erasure';
import { dropExpiredClaims } from '#libs/statistics';
import { EventMetrics } from '../../apps/ingestion/src/intake/event.metrics.js';
import { EventPipeline } from '../../apps/ingestion/src/intake/event-pipeline.js';
import { EventSource } from '../../apps/ingestion/src/intake/event-result.js';
import { EventStorer } from '../../apps/ingestion/src/intake/event-storer.service.js';
import type { IntakeEvent } from '../../apps/ingestion/src/intake/event-type.js';
import { MemoryBudget } from '../../apps/ingestion/src/intake/memory-budget.js';
import { copyEvents } from '../../apps/ingestion/src/statistics/copy-events.js';
import { kindArrays } from '../../apps/ingestion/src/statistics/event-statements.js';
import { insertEvents } from '../../apps/ingestion/src/statistics/insert-events.js';
import { together } from '../../apps/ingestion/src/statistics/write-outcome.js';
import { StatisticEventType } from '../../apps/ingestion/src/statistics/statistic-event-type.js';
import { StatisticsMetrics } from '../../apps/ingestion/src/statistics/statistics.metrics.js';
import { StatisticsWriter } from '../../apps/ingestion/src/statistics/statistics.writer.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { SteppedRun } from '../harness/stepped-data-source.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const DAY_MS = 86_400_000;
const contract = new StatisticsContract();
const ids = new SnowflakeSource();

describe('StatisticsWriter', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let registry: Registry;
  let metrics: StatisticsMetrics;
  let eventMetrics: EventMetrics;
  let writer: StatisticsWriter;

  beforeAll(async () => {
    database = await createTestDatabase();
    const options = { url: database.url, poolSize: 4, applicationName: 'writer-test' };
    dataSource = await createDataSource(options).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.release();
  });
  beforeEach(() => {
    registry = new Registry();
    metrics = new StatisticsMetrics(registry);
    eventMetrics = new EventMetrics(registry, new MemoryBudget());
    writer = new StatisticsWriter(dataSource, contract, metrics);
  });

  const openGuild = async (switches: readonly string[] = SWITCH_NAMES, enabled = true) => {
    const guildId = ids.next(30 * DAY_MS);
    await database.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
       VALUES ($1, $2, now(), now(), $3, false, false)`,
      [guildId, enabled, switches],
    );
    return guildId;
  };
  const erase = (guildId: string, userId: string, before: string) =>
    database.query('INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at) VALUES ($1, $2, $3, now())', [
      guildId,
      userId,
      before,
    ]);
  const stored = (guildIds: readonly string[]) =>
    database.query<Record<string, string | null>>(
      `SELECT event_id, guild_id, kind, occurred_at, user_id, actor_id, channel_id, message_id, label, value, flags
       FROM statistic_events WHERE guild_id = ANY ($1) ORDER BY event_id`,
      [guildIds],
    );
  const batchesWritten = async () => {
    const { values } = await registry.getSingleMetric('serverstats_written_batches_total')!.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.way, value]));
  };

  const failures = async () => {
    const { values } = await registry.getSingleMetric('serverstats_storing_failures_total')!.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.failure, value]));
  };
  const storeThrough = async (
    events: readonly StatisticEvent[],
    ofWriter: StatisticsWriter,
    lines: Record<string, unknown>[] = [],
    probe: () => Promise<void> = () => dataSource.query('SELECT 1'),
  ) => {
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
    const storer = new EventStorer({ probe } as Database, eventMetrics, logger);
    const types = contract.kinds.map((kind) => new StatisticEventType(kind));
    const store = (some: readonly IntakeEvent[]) => ofWriter.write(some as StatisticEvent[]);
    const parts = { retentionDays: 62, storer, metrics: eventMetrics, logger };
    const pipeline = new EventPipeline([{ types, atOnce: 5_000, store }], parts);
    const messages = events.map((event, index) => {
      const type = types.find(({ name }) => name === event.kind.name)!;
      const source = new EventSource(type, messageOf(`message ${index}`));
      return {
        results: [{ status: 'ok' as const, event, source, index: 0 }],
        received: 1,
        refused: 0,
        unrepeatable: 0,
        weight: 1,
        bytes: 0,
      };
    });
    return (await pipeline.store(messages)).flat();
  };

  it('should store an event once if a batch contains it several times', async () => {
    const guildId = await openGuild();
    const [one, other] = [anEvent(guildId), anEvent(guildId)];
    expect(await writer.write([one, other, { ...one }, one])).toEqual({ stored: 2, duplicate: 2, unwanted: 0 });
    expect(await stored([guildId])).toHaveLength(2);
    expect(await batchesWritten()).toEqual({ copy: 1 });
  });

  it('should switch from COPY to INSERT after a duplicate, and back when there are no more', async () => {
    const guildId = await openGuild();
    const first = Array.from({ length: 50 }, () => anEvent(guildId));
    await writer.write(first);
    const again = [...Array.from({ length: 50 }, () => anEvent(guildId)), ...first.slice(0, 7)];
    expect(await writer.write(again)).toEqual({ stored: 50, duplicate: 7, unwanted: 0 });
    expect(await batchesWritten()).toEqual({ copy: 1, insert: 1 });
    for (let batch = 0; batch < 2; batch++) {
      expect(await writer.write([anEvent(guildId)])).toEqual({ stored: 1, duplicate: 0, unwanted: 0 });
    }
    expect(await batchesWritten()).toEqual({ copy: 1, insert: 3 });
    expect(await writer.write([anEvent(guildId)])).toEqual({ stored: 1, duplicate: 0, unwanted: 0 });
    expect(await batchesWritten()).toEqual({ copy: 2, insert: 3 });
    expect(await stored([guildId])).toHaveLength(103);
  });

  it('should store the same events of a batch with COPY and with INSERT', async () => {
    const at = Date.now() - DAY_MS;
    const open = await openGuild();
    const noBots = await openGuild(['stats_message_statistics']);
    const off = await openGuild(SWITCH_NAMES, false);
    const unknown = ids.next(30 * DAY_MS);
    const erased = await openGuild();
    await erase(erased, '0', new Date(at).toISOString());
    const withErased = await openGuild();
    await erase(withErased, '77', `${new Date(at).toISOString().slice(0, -1)}500Z`); // half a millisecond later
    await erase(withErased, '78', 'infinity');
    const horizon = at - 20 * DAY_MS;
    await database.query('UPDATE event_horizon SET events_since = $1', [new Date(horizon)]);
    const wanted = [
      anEvent(open),
      anEvent(open, { occurredAt: horizon }),
      anEvent(open, { kind: contract.kind('message.sent')!, flags: FLAG_IS_BOT }),
      anEvent(noBots, { kind: contract.kind('message.sent')! }),
      anEvent(erased, { occurredAt: at }),
      anEvent(withErased, { occurredAt: at + 1, userId: '77' }),
      anEvent(withErased, { occurredAt: at - 1 }),
      anEvent(withErased, { occurredAt: at - 1, userId: '79' }),
    ];
    const unwanted = [
      anEvent(open, { occurredAt: horizon - 1 }),
      anEvent(noBots),
      anEvent(noBots, { kind: contract.kind('message.sent')!, flags: FLAG_IS_BOT }),
      anEvent(off),
      anEvent(unknown),
      anEvent(erased, { occurredAt: at - 1, userId: '5' }),
      anEvent(withErased, { occurredAt: at, userId: '77' }),
      anEvent(withErased, { userId: '78' }),
    ];
    const batch = [...wanted, ...unwanted, wanted[0]!].toReversed();
    const guildIds = [open, noBots, off, unknown, erased, withErased];

    const ways = [
      () => copyEvents(dataSource, batch, kindArrays(contract)),
      () => insertEvents(dataSource, batch, kindArrays(contract)),
    ];
    for (const write of ways) {
      expect(together(await write())).toEqual({ stored: wanted.length, duplicate: 1, unwanted: unwanted.length });
      const rows = await stored(guildIds);
      expect(rows.map((row) => row.event_id)).toEqual(wanted.map((event) => event.eventId).toSorted());
      await expectMarks(guildIds);
      await database.query('DELETE FROM statistic_events WHERE guild_id = ANY ($1)', [guildIds]);
      await database.query('DELETE FROM statistic_rollup_pending WHERE guild_id = ANY ($1)', [guildIds]);
    }
    await database.query(`UPDATE event_horizon SET events_since = 'epoch'`);
  });

  it('should store every field exactly with COPY and with INSERT, including all digits of ids and any text', async () => {
    const guildId = await openGuild();
    const labels = [
      '\\N',
      '\\',
      'a\\tb',
      'a\tb',
      'a\nb\r',
      `"'{},()`,
      'NULL',
      '',
      '🎉👩‍👩‍👧',
      'ü'.repeat(100),
      '\u0001\u007f',
    ];
    const users = ['1', '999999999', '1000000000', '4294967296', '4294967295000000000', '9223372036854775807', null];
    const events = [
      ...labels.map((label) => anEvent(guildId, { label })),
      ...users.map((userId) =>
        anEvent(guildId, { userId, actorId: userId, channelId: userId, messageId: userId, label: null }),
      ),
      anEvent(guildId, { value: 0 }),
      anEvent(guildId, { value: 86_400_000_000, flags: FLAG_IS_BOT }),
      anEvent(guildId, { occurredAt: Date.now() - 3 * DAY_MS }),
    ];
    const expected = events.map(asRow).toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1));
    await copyEvents(dataSource, events, kindArrays(contract));
    expect(await stored([guildId])).toEqual(expected);
    await database.query('DELETE FROM statistic_events WHERE guild_id = $1', [guildId]);
    await insertEvents(dataSource, events, kindArrays(contract));
    expect(await stored([guildId])).toEqual(expected);
  });

  it('should mark exactly the 15-minute buckets of stored events as stale', async () => {
    const guildIds = [await openGuild(), await openGuild(), await openGuild([])];
    const events = Array.from({ length: 600 }, (_, index) =>
      anEvent(guildIds[index % 3]!, {
        kind: contract.kinds[index % 13]!,
        occurredAt: Date.now() - ((index * 7_919_000) % (5 * DAY_MS)),
      }),
    );
    expect(await writer.write(events)).toEqual({ stored: 400, duplicate: 0, unwanted: 200 });
    expect(await batchesWritten()).toEqual({ copy: 1 });
    await expectMarks(guildIds);
  });

  it('should find the single event that Postgres refuses, and copy all others', async () => {
    const guildId = await openGuild();
    await database.query(`
      CREATE FUNCTION refuse_label() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'only Postgres refuses this' USING ERRCODE = 'untranslatable_character';
      END $$`);
    await database.query(`
      CREATE TRIGGER refuse_label BEFORE INSERT ON statistic_events
      FOR EACH ROW WHEN (NEW.label = 'refused') EXECUTE FUNCTION refuse_label()`);
    const events = Array.from({ length: 100 }, (_, index) =>
      anEvent(guildId, { label: index === 61 ? 'refused' : 'fine' }),
    );
    const letters = await storeThrough(events, writer);
    expect(letters.map(({ content }) => content.toString())).toEqual(['message 61']);
    expect(letters[0]!.headers).toMatchObject({ 'x-error-name': 'RefusedByDatabaseError' });
    expect(await stored([guildId])).toHaveLength(99);
    expect(Object.keys(await batchesWritten())).toEqual(['copy']);
    await database.query('DROP TRIGGER refuse_label ON statistic_events');
  });

  it('should dead-letter the single event that causes an unexpected error, and store all others', async () => {
    const guildId = await openGuild();
    const events = Array.from({ length: 20 }, () => anEvent(guildId));
    events[13] = anEvent(guildId, { kind: { name: 'command.used' } as StatisticEvent['kind'] });
    const lines: Record<string, unknown>[] = [];
    const letters = await storeThrough(events, writer, lines);
    expect(letters.map(({ content }) => content.toString())).toEqual(['message 13']);
    expect(letters[0]!.headers).toMatchObject({ 'x-error-name': 'UnexpectedError' });
    expect(await stored([guildId])).toHaveLength(19);
    expect(lines).toMatchObject([{ level: 50, event: 'command.used', guild_id: guildId, error: 'TypeError' }]);
    expect(lines[0]!.stack).toMatch(/^at /);
    expect(await failures()).toMatchObject({ unexpected: expect.any(Number) as number });
  });

  it('should store an event if an unknown error does not recur, and reject the batch while the database does not answer', async () => {
    const guildId = await openGuild();
    const unknown = () => Promise.reject(new Error('an unknown error'));
    const flaky = new StatisticsWriter(dataSource, contract, metrics);
    jest.spyOn(flaky, 'write').mockImplementationOnce(unknown);
    expect(await storeThrough([anEvent(guildId)], flaky)).toEqual([]);
    expect(await stored([guildId])).toHaveLength(1);

    jest.spyOn(flaky, 'write').mockImplementation(unknown);
    const failingProbe = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await expect(storeThrough([anEvent(guildId)], flaky, [], failingProbe)).rejects.toThrow('ECONNREFUSED');
  });

  it('should use INSERT if a shard refuses a COPY without a reason', async () => {
    const guildId = await openGuild();
    await database.query(`
      CREATE FUNCTION refuse_copy() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF current_query() LIKE 'COPY%' THEN RAISE EXCEPTION 'a shard said no' USING ERRCODE = 'internal_error'; END IF;
        RETURN NEW;
      END $$`);
    await database.query(`
      CREATE TRIGGER refuse_copy BEFORE INSERT ON statistic_events
      FOR EACH ROW WHEN (NEW.label = 'sharded') EXECUTE FUNCTION refuse_copy()`);
    const outcome = await writer.write([anEvent(guildId, { label: 'sharded' }), anEvent(guildId)]);
    await database.query('DROP TRIGGER refuse_copy ON statistic_events');
    expect(outcome).toEqual({ stored: 2, duplicate: 0, unwanted: 0 });
  });

  it('should reject the batch as in an outage during an unfinished migration', async () => {
    const guildId = await openGuild();
    await database.query('ALTER TABLE statistic_events RENAME COLUMN label TO labels');
    const handled = storeThrough([anEvent(guildId)], writer);
    await expect(handled).rejects.toMatchObject({ code: '42703' });
    await database.query('ALTER TABLE statistic_events RENAME COLUMN labels TO label');
    expect(await failures()).toEqual({ outage: 1 });
  });

  it('should split a batch by time while the lock table of Postgres is full', async () => {
    const guildId = await openGuild();
    const events = Array.from({ length: 8 }, (_, index) =>
      anEvent(guildId, { occurredAt: Date.now() - (index % 4) * DAY_MS }),
    );
    const sizes: number[] = [];
    const write = writer.write.bind(writer);
    jest.spyOn(writer, 'write').mockImplementation((some) => {
      const days = new Set(some.map(({ occurredAt }) => Math.floor(occurredAt / DAY_MS)));
      sizes.push(some.length);
      return days.size > 2
        ? Promise.reject(Object.assign(new Error('out of shared memory'), { code: '53200' }))
        : write(some);
    });
    expect(await storeThrough(events, writer)).toEqual([]);
    expect(sizes).toEqual([8, 4, 4]);
    expect(await stored([guildId])).toHaveLength(8);
  });

  it('should apply a change of settings that it has waited for', async () => {
    const guildId = await openGuild();
    let writing: ReturnType<StatisticsWriter['write']> | undefined;
    await dataSource.transaction(async (manager) => {
      await lockStripe(manager, guildId);
      writing = writer.write([anEvent(guildId)]);
      await waitFor(
        async () =>
          (
            await database.query(
              `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
            )
          ).length === 1,
        { what: 'the writer to wait for the stripe' },
      );
      await manager.query('UPDATE guild_settings SET enabled = false WHERE guild_id = $1', [guildId]);
    });
    expect(await writing).toEqual({ stored: 0, duplicate: 0, unwanted: 1 });
    expect(await stored([guildId])).toEqual([]);
  });

  it('should store each event once and without deadlocks when instances write the same events in different orders', async () => {
    const guildIds = await Promise.all(Array.from({ length: 20 }, () => openGuild()));
    const others = [writer, new StatisticsWriter(dataSource, contract, new StatisticsMetrics(new Registry()))];
    for (let round = 0; round < 10; round++) {
      const events = Array.from({ length: 500 }, (_, index) =>
        anEvent(guildIds[(index * 7) % 20]!, {
          kind: contract.kinds[index % 3]!,
          occurredAt: Date.now() - ((index * 31_337_000) % (4 * DAY_MS)),
        }),
      );
      const outcomes = await Promise.all([
        others[0]!.write(events),
        others[1]!.write(events.toReversed()),
        others[round % 2]!.write(events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1))),
      ]);
      const sum = (key: 'stored' | 'duplicate') => outcomes.reduce((total, outcome) => total + outcome[key], 0);
      expect([sum('stored'), sum('duplicate')]).toEqual([500, 1_000]);
    }
    expect(await stored(guildIds)).toHaveLength(5_000);
    await expectMarks(guildIds);
  });

  it('should not deadlock on batches that share events of several days if one lacks the first events of the other', async () => {
    const [first, second] = [await openGuild(), await openGuild()].toSorted() as [string, string];
    const ways = [
      (events: StatisticEvent[]) => copyEvents(dataSource, events, kindArrays(contract)),
      (events: StatisticEvent[]) => insertEvents(dataSource, events, kindArrays(contract)),
    ];
    for (let round = 0; round < 20; round++) {
      const ofDay = (guildId: string, day: number) =>
        Array.from({ length: 300 }, (_, index) => anEvent(guildId, { occurredAt: Date.now() - day * DAY_MS - index }));
      const shared = [...ofDay(first, 1), ...ofDay(second, 2)];
      const outcomes = await Promise.allSettled([
        copyEvents(dataSource, [...ofDay(first, 2), ...shared], kindArrays(contract)),
        ways[round % 2]!(shared),
      ]);
      // The later COPY finds duplicates. No transaction ends with a deadlock.
      const states = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'ok' : sqlState(outcome.reason)));
      expect(states.filter((state) => state !== 'ok' && state !== '23505')).toEqual([]);
      expect(states).toContain('ok');
    }
  });

  describe('claims', () => {
    const JOINED = Date.now() - 3 * DAY_MS;
    const LEFT = JOINED + 2 * DAY_MS;
    const kind = (name: string) => contract.kind(name)!;
    const join = (guildId: string, userId: string, at = JOINED) =>
      anEvent(guildId, {
        kind: kind('member.joined'),
        userId,
        occurredAt: at,
        eventId: derivedEventId(`${userId}:${at}`),
      });
    /** @param joinedAt undefined if the publisher does not know it */
    const leave = (guildId: string, userId: string, at: number, joinedAt?: number, eventId: string = randomUUID()) =>
      anEvent(guildId, {
        ...{ kind: kind('member.left'), userId, occurredAt: at },
        eventId: joinedAt === undefined ? eventId : derivedEventId(`${userId}:${joinedAt}:left`),
        value: joinedAt === undefined ? null : (at - joinedAt) * 1000,
      });
    const message = (guildId: string, messageId: string, userId: string) =>
      anEvent(guildId, {
        ...{ kind: kind('message.sent'), userId, messageId, channelId: '5', flags: FLAG_IS_BOT },
        ...{ eventId: derivedEventId(messageId), occurredAt: snowflakeTime(messageId) },
      });
    const deletion = (guildId: string, messageId: string, at: number, userId: string | null = null) =>
      anEvent(guildId, {
        ...{ kind: kind('message.deleted'), userId, messageId, channelId: '5', occurredAt: at },
        ...{ flags: FLAG_BOT_UNKNOWN, eventId: derivedEventId(`${messageId}:deleted`) },
        value: (at - snowflakeTime(messageId)) * 1000,
      });
    const claims = async (guildId: string) =>
      (await database.query('SELECT FROM statistic_claims WHERE guild_id = $1', [guildId])).length;
    const rowsOf = async (guildId: string, name: string) =>
      (await stored([guildId])).filter((row) => Number(row.kind) === kind(name).number);
    const ways = {
      COPY: (events: StatisticEvent[]) => copyEvents(dataSource, events, kindArrays(contract)),
      INSERT: (events: StatisticEvent[]) => insertEvents(dataSource, events, kindArrays(contract)),
    };

    it.each(Object.entries(ways))(
      'should let one event of each leave and deletion count with %s, whatever time it has, and complete it from the same batch',
      async (_, write) => {
        const guildId = await openGuild();
        const messageId = ids.next(3 * DAY_MS);
        const again = leave(guildId, '7', LEFT + 60_000);
        const batch = [
          ...[leave(guildId, '7', LEFT), again, leave(guildId, '7', LEFT - 5, JOINED), leave(guildId, '8', LEFT)],
          ...[deletion(guildId, messageId, LEFT), deletion(guildId, messageId, LEFT + 3_000, '9')],
          ...[join(guildId, '7'), join(guildId, '7', JOINED - DAY_MS), message(guildId, messageId, '6')],
        ];
        expect(together(await write(batch))).toEqual({ stored: 6, duplicate: 3, unwanted: 0 });
        expect(await rowsOf(guildId, 'member.left')).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ user_id: '7', value: String(2 * DAY_MS * 1000), occurred_at: new Date(LEFT) }),
            expect.objectContaining({ user_id: '8', value: null }),
          ]),
        );
        expect(await rowsOf(guildId, 'message.deleted')).toMatchObject([{ user_id: '6', flags: FLAG_IS_BOT }]);
        expect(await claims(guildId)).toBe(4);

        const later = [again, leave(guildId, '7', LEFT + 9_000), deletion(guildId, messageId, LEFT + DAY_MS / 2)];
        expect(together(await write(later))).toEqual({ stored: 0, duplicate: 3, unwanted: 0 });
        expect(await claims(guildId)).toBe(4);
        await expectMarks([guildId]);
      },
    );

    it('should store a redelivered leave once if its join is stored between the two deliveries', async () => {
      const guildId = await openGuild();
      const left = leave(guildId, '7', LEFT);
      expect(await writer.write([left])).toMatchObject({ stored: 1 });
      await writer.write([join(guildId, '7')]);
      expect(await writer.write([left])).toMatchObject({ stored: 0, duplicate: 1 });
      expect(await claims(guildId)).toBe(1);
      // Nobody has claimed the identity with the join, so the other publisher's leave cannot be recognized.
      expect(await writer.write([leave(guildId, '7', LEFT + 1, JOINED)])).toMatchObject({ stored: 1 });
    });

    it('should not claim what the guild does not want', async () => {
      const guildId = await openGuild(['stats_members_enabled']);
      const messageId = ids.next(3 * DAY_MS);
      await erase(guildId, '7', new Date(LEFT + 1).toISOString());
      const unwanted = [deletion(guildId, messageId, LEFT), leave(guildId, '7', LEFT, JOINED)];
      expect(await writer.write(unwanted)).toEqual({ stored: 0, duplicate: 0, unwanted: 2 });
      expect(await claims(guildId)).toBe(0);
      expect(await writer.write([leave(guildId, '7', LEFT + 2, JOINED)])).toMatchObject({ stored: 1 });
    });

    it('should not find what is erased, and forget the claims of a member', async () => {
      const guildId = await openGuild();
      const messageId = ids.next(3 * DAY_MS);
      const events = [join(guildId, '7'), message(guildId, messageId, '7'), { ...join(guildId, '8'), actorId: '7' }];
      await writer.write([...events, leave(guildId, '7', LEFT), leave(guildId, '8', LEFT)]);
      expect(await claims(guildId)).toBe(4);
      const erased = await new Eraser(dataSource).eraseMember(guildId, '7');
      expect([...erased.eventsByKind.values()].reduce((sum, count) => sum + count)).toBe(4);
      expect(await claims(guildId)).toBe(2);
      const remaining = await rowsOf(guildId, 'member.joined');
      expect(remaining.map((row) => [row.user_id, row.actor_id])).toEqual(
        expect.arrayContaining([
          [null, null],
          ['8', null],
        ]),
      );
      expect(await writer.write([...events, deletion(guildId, messageId, LEFT)])).toEqual({
        ...{ stored: 1, duplicate: 1, unwanted: 2 },
      });
      expect(await rowsOf(guildId, 'message.deleted')).toMatchObject([{ user_id: null }]);
    });

    it('should drop claims with their events', async () => {
      const guildId = await openGuild();
      await writer.write([leave(guildId, '7', LEFT, JOINED), leave(guildId, '8', LEFT + DAY_MS, JOINED)]);
      await database.query('UPDATE event_horizon SET events_since = $1', [new Date(LEFT + DAY_MS)]);
      await dropExpiredClaims(dataSource);
      await database.query(`UPDATE event_horizon SET events_since = 'epoch'`);
      expect(await claims(guildId)).toBe(1);
    });

    /**
     * One instance stops after some of its statements. Then the other one runs until some of its own are done, or it
     * waits for a lock. Then both finish, in either order.
     */
    it.each([
      ['both commit', false],
      ['the first one fails', true],
    ])(
      'should be won by exactly one of two instances in any order of their statements: %s',
      async (_, fails) => {
        const sources = await Promise.all(
          ['claim-1', 'claim-2'].map((applicationName) =>
            createDataSource({ url: database.url, poolSize: 1, applicationName }).initialize(),
          ),
        );
        await database.query(`
        CREATE OR REPLACE FUNCTION refuse_label() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'only Postgres refuses this' USING ERRCODE = 'untranslatable_character';
        END $$`);
        await database.query(`
        CREATE TRIGGER refuse_claimed BEFORE INSERT ON statistic_events
        FOR EACH ROW WHEN (NEW.label = 'refused') EXECUTE FUNCTION refuse_label()`);
        const isWaiting = (name: string) => async () =>
          (
            await database.query(
              `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
              [name],
            )
          ).length > 0;
        const guildId = await openGuild();
        let user = 100;
        let steps = Infinity;
        for (let first = 0; first < steps; first++) {
          for (let second = 0; second < steps; second++) {
            const member = String(user++);
            const labels = [fails ? 'refused' : null, null];
            const runs = sources.map((source, index) => {
              const events = [
                { ...leave(guildId, member, LEFT + index, JOINED), label: labels[index]! },
                leave(guildId, `${member}000`, LEFT + index, JOINED),
              ];
              return new SteppedRun(source, () => insertEvents(source, events, kindArrays(contract)));
            }) as [SteppedRun, SteppedRun];
            const outcomes: unknown[] = [];
            const advance = async (index: 0 | 1, limit: number) => {
              let count = 0;
              try {
                for (; count < limit; count++) {
                  const outcome = await runs[index].step(isWaiting(`claim-${index + 1}`));
                  if (outcome !== 'next') return { outcome, count };
                }
              } catch (error) {
                outcomes[index] = sqlState(error);
                return { outcome: 'done', count };
              }
              return { outcome: 'next', count };
            };
            await advance(0, first);
            const { outcome } = await advance(1, second);
            const order: [0 | 1, 0 | 1] = outcome === 'waits for a lock' || second % 2 === 0 ? [0, 1] : [1, 0];
            const last = await advance(order[0], Infinity);
            if (last.outcome === 'waits for a lock') await advance(order[1], Infinity);
            await advance(order[1], Infinity);
            await advance(order[0], Infinity);
            if (steps === Infinity) steps = last.count + 1;
            const rows = await rowsOf(guildId, 'member.left');
            const ofMember = rows.filter(({ user_id }) => user_id === member || user_id === `${member}000`);
            expect([first, second, ofMember.length, outcomes[1]]).toEqual([first, second, 2, undefined]);
            // If it lost both claims, it had nothing to write, and did not fail.
            expect([undefined, ...(fails ? ['22P05'] : [])]).toContain(outcomes[0]);
          }
        }
        expect(await claims(guildId)).toBe(2 * (user - 100));
        await database.query('DROP TRIGGER refuse_claimed ON statistic_events');
        await Promise.all(sources.map((source) => source.destroy()));
      },
      60_000,
    );
  });

  /** Expects marks for exactly the 15-minute buckets of stored events. */
  async function expectMarks(guildIds: readonly string[]): Promise<void> {
    const marks = await database.query(
      'SELECT guild_id, kind, bucket FROM statistic_rollup_pending WHERE guild_id = ANY ($1) ORDER BY 1, 2, 3',
      [guildIds],
    );
    const buckets = await database.query(
      `SELECT DISTINCT guild_id, kind, date_bin('15 minutes', occurred_at, 'epoch') AS bucket
       FROM statistic_events WHERE guild_id = ANY ($1) ORDER BY 1, 2, 3`,
      [guildIds],
    );
    expect(buckets.length).toBeGreaterThan(0);
    expect(marks).toEqual(buckets);
  }
});

function anEvent(guildId: string, changes: Partial<StatisticEvent> = {}): StatisticEvent {
  return {
    kind: contract.kind('command.used')!,
    guildId,
    eventId: randomUUID(),
    occurredAt: Date.now() - 60_000,
    userId: null,
    actorId: null,
    channelId: null,
    messageId: null,
    label: null,
    value: null,
    flags: 0,
    ...changes,
  };
}

function asRow(event: StatisticEvent) {
  return {
    event_id: event.eventId,
    guild_id: event.guildId,
    kind: event.kind.number,
    occurred_at: new Date(event.occurredAt),
    user_id: event.userId,
    actor_id: event.actorId,
    channel_id: event.channelId,
    message_id: event.messageId,
    label: event.label,
    value: event.value === null ? null : String(event.value),
    flags: event.flags,
  };
}

function messageOf(content: string) {
  return {
    queue: 'serverstats.statistics',
    routingKey: 'command.used',
    content: Buffer.from(content),
    arrivedAt: Date.now(),
  };
}
