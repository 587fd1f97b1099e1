import { randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { connect, type ChannelModel } from 'amqplib';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { EVENTS_EXCHANGE, QUEUES } from '#libs/contracts';
import { createDataSource, migrateDatabase } from '#libs/database';

/**
 * Events a second through the ingestion service, beside its limits: the same messages drained by a bare amqplib
 * consumer, and COPY of the same rows into the same table. All in one run, interleaved; ratios are what counts.
 *
 * BENCH_DATABASE_URL (a server where databases may be made) and BENCH_RABBITMQ_URL (an empty virtual host) say where.
 */
const SERVER_URL = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const BROKER_URL = process.env.BENCH_RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672';
const EVENTS = Number(process.env.BENCH_EVENTS ?? 100_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const GUILDS = Number(process.env.BENCH_GUILDS ?? 200);
const ARRAY = 1_000;
const PREFETCH = 3_000;
const DATABASE = `serverstats_bench_${process.pid}`;

interface Row {
  guildId: string;
  eventId: string;
  occurredAt: string;
  userId: string;
  label: string;
}

type Shape = 'singles' | 'arrays';

export async function benchIngest(): Promise<Record<string, number>> {
  const admin = new pg.Client(SERVER_URL);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  const url = new URL(SERVER_URL);
  url.pathname = `/${DATABASE}`;
  const broker = await connect(BROKER_URL);
  try {
    const dataSource = await createDataSource({ url: url.href, poolSize: 2, applicationName: 'bench' }).initialize();
    await migrateDatabase(dataSource, { eventDays: 62, summaryDays: 400 });
    await dataSource.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
       SELECT 1000000000000000000 + g, true, now(), now(), '{stats_command_usage}', false, false
       FROM generate_series(1, $1::int) g`,
      [GUILDS],
    );
    await dataSource.destroy();
    return await measure(url.href, broker);
  } finally {
    await broker.close();
    await admin.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
    await admin.end();
  }
}

async function measure(databaseUrl: string, broker: ChannelModel): Promise<Record<string, number>> {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  // Declares the topology.
  await (await startIngestion(databaseUrl)).stop();
  const results: Record<string, number[]> = {};
  const note = (name: string, seconds: number) => {
    (results[name] ??= []).push(EVENTS / seconds);
    console.log(`${name.padEnd(28)} ${Math.round(EVENTS / seconds)} events/s`);
  };
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`round ${round} of ${ROUNDS}, ${EVENTS} events, ${GUILDS} guilds`);
    for (const shape of ['singles', 'arrays'] as const) {
      const rows = makeRows();
      await publish(broker, rows, shape);
      note(`ingest, ${shape}`, await timeIngest(databaseUrl, database, rows));
      await database.query('TRUNCATE statistic_events, statistic_rollup_pending');
      await publish(broker, rows, shape);
      note(`bare drain, ${shape}`, await timeDrain(broker, shape));
    }
    note('COPY', await timeCopy(database, makeRows()));
    await database.query('TRUNCATE statistic_events, statistic_rollup_pending');
  }
  await database.end();
  const medians = Object.fromEntries(Object.entries(results).map(([name, of]) => [name, median(of)]));
  const ratios = {
    'singles / slower of drain and COPY':
      medians['ingest, singles']! / Math.min(medians['bare drain, singles']!, medians.COPY!),
    'arrays / COPY': medians['ingest, arrays']! / medians.COPY!,
  };
  console.table(
    Object.fromEntries(Object.entries({ ...medians, ...ratios }).map(([k, v]) => [k, Number(v.toFixed(2))])),
  );
  return { ...medians, ...ratios };
}

function makeRows(): Row[] {
  const now = Date.now();
  return Array.from({ length: EVENTS }, (_, index) => ({
    guildId: String(1_000_000_000_000_000_001n + BigInt(index % GUILDS)),
    eventId: randomUUID(),
    occurredAt: new Date(now - (index % 86_400_000)).toISOString(),
    userId: String(155_149_108_183_695_360n + BigInt(index % 5_000)),
    label: `command-${index % 40}`,
  }));
}

async function publish(broker: ChannelModel, rows: readonly Row[], shape: Shape): Promise<void> {
  const channel = await broker.createConfirmChannel();
  const bodies = rows.map(
    (row) =>
      `{"guild_id":${row.guildId},"command":"${row.label}","user_id":${row.userId},"event_id":"${row.eventId}","occurred_at":"${row.occurredAt}"}`,
  );
  const size = shape === 'singles' ? 1 : ARRAY;
  for (let at = 0; at < bodies.length; at += size) {
    const body = shape === 'singles' ? bodies[at]! : `[${bodies.slice(at, at + size).join(',')}]`;
    channel.publish(EVENTS_EXCHANGE, 'command.used', Buffer.from(body), { persistent: true });
    if (at % 2_000 === 0) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await channel.close();
}

/** From the first stored row, so that starting the process does not count, to the last. Asks by key, which costs little. */
async function timeIngest(databaseUrl: string, database: pg.Client, rows: readonly Row[]): Promise<number> {
  const service = await startIngestion(databaseUrl);
  await untilStored(database, rows[0]!);
  const started = performance.now();
  await untilStored(database, rows.at(-1)!);
  const seconds = (performance.now() - started) / 1000;
  await service.stop();
  const { rows: counted } = await database.query<{ count: string }>('SELECT count(*) FROM statistic_events');
  if (Number(counted[0]!.count) !== EVENTS) throw new Error(`${counted[0]!.count} of ${EVENTS} events were stored`);
  return seconds;
}

async function untilStored(database: pg.Client, { guildId, occurredAt, eventId }: Row): Promise<void> {
  for (;;) {
    const { rowCount } = await database.query(
      'SELECT FROM statistic_events WHERE guild_id = $1 AND kind = 1 AND occurred_at = $2 AND event_id = $3',
      [guildId, occurredAt, eventId],
    );
    if (rowCount === 1) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function timeDrain(broker: ChannelModel, shape: Shape): Promise<number> {
  const channel = await broker.createChannel();
  await channel.prefetch(PREFETCH);
  const messages = shape === 'singles' ? EVENTS : EVENTS / ARRAY;
  const every = Math.min(500, messages);
  let seen = 0;
  const started = performance.now();
  await new Promise<void>((resolve, reject) => {
    channel
      .consume(QUEUES.statistics, (message) => {
        if (++seen % every === 0) channel.ack(message!, true);
        if (seen === messages) resolve();
      })
      .catch(reject);
  });
  const seconds = (performance.now() - started) / 1000;
  await channel.close();
  return seconds;
}

async function timeCopy(database: pg.Client, rows: readonly Row[]): Promise<number> {
  const lines = rows.map(
    (row) => `${row.guildId}\t1\t${row.occurredAt}\t${row.eventId}\t${row.userId}\t${row.label}\t0\n`,
  );
  const started = performance.now();
  const copy = database.query(
    copyFrom('COPY statistic_events (guild_id, kind, occurred_at, event_id, user_id, label, flags) FROM STDIN'),
  );
  await pipeline(Readable.from(chunksOf(lines)), copy);
  return (performance.now() - started) / 1000;
}

function* chunksOf(lines: readonly string[]): Generator<string> {
  for (let at = 0; at < lines.length; at += 1_000) yield lines.slice(at, at + 1_000).join('');
}

async function startIngestion(databaseUrl: string): Promise<{ stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['dist/apps/ingestion/src/main.js'], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      RABBITMQ_URL: BROKER_URL,
      INGESTION_PORT: '0',
      LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await saidThat(child, 'consuming');
  return {
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function saidThat(child: ChildProcess, what: string): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(what)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}:\n${output}`)));
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
