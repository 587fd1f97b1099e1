import { connect, type ChannelModel } from 'amqplib';
import { QUEUES } from '#libs/contracts';
import type { Bench, Measurement } from '../bench.js';
import { openGuilds } from '../data/fill-events.js';
import { madeUpGuild } from '../data/made-up-guilds.js';
import { createBenchDatabase } from '../harness/databases.js';
import { startQueryService, type QueryService } from '../harness/query-service.js';
import { measureInRounds, type Contestant, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { startService, type ServiceProcess } from '../harness/service-process.js';
import { BASELINE } from '../harness/start-scripts.js';
import { createBenchVhost } from '../harness/virtual-hosts.js';
import { requestsPerSecond } from './load.js';

const ROUNDS = benchNumber('BENCH_ROUNDS', 5);
const SECONDS = benchNumber('BENCH_SECONDS', 5);
const CONNECTIONS = benchNumber('BENCH_CONNECTIONS', 50);
const UNIT = 'requests/s';
const GUILD = madeUpGuild(0, 0, 1);

const RECORD = 'POST record';
const SETTINGS = 'GET settings';
const BARE = 'bare Fastify route';

/** Measures the requests per second of the query service, compared with a route that does nothing. */
export const http: Bench = {
  title: 'POST of an event and GET of settings, compared with a bare Fastify route',
  servers: ['postgres', 'rabbitmq'],
  async run() {
    const database = await createBenchDatabase('http');
    const vhost = await createBenchVhost();
    const broker = await connect(vhost.url);
    try {
      await openGuilds(database.client, [GUILD]);
      const service = await startQueryService(database.url, { brokerUrl: vhost.url });
      const baseline = BASELINE
        ? await startQueryService(database.url, { brokerUrl: vhost.url, checkout: BASELINE })
        : undefined;
      const bare = await startService(['dist/bench/peers/bare-route.js'], {}, 'listening on');
      try {
        const all = [
          ...contestants('', service, broker),
          ...(baseline ? contestants('baseline ', baseline, broker) : []),
          bareContestant(bare),
        ];
        return measurement(await measureInRounds(ROUNDS, all, UNIT));
      } finally {
        await service.stop();
        await baseline?.stop();
        await bare.stop();
      }
    } finally {
      await broker.close();
      await vhost.drop();
      await database.drop();
    }
  },
};

const LOAD = { seconds: SECONDS, connections: CONNECTIONS };
const POST = {
  ...LOAD,
  method: 'POST',
  body: JSON.stringify({ guild_id: GUILD.guildId, command: 'ping', user_id: '155149108183695360' }),
} as const;
const JSON_TYPE = { 'content-type': 'application/json' };

function contestants(prefix: string, service: QueryService, broker: ChannelModel): Contestant[] {
  const api = `${service.url}/modules/serverstats`;
  const headers = { authorization: `Bearer ${service.key}`, ...JSON_TYPE };
  return [
    {
      name: prefix + RECORD,
      async measure() {
        const value = await requestsPerSecond({ ...POST, headers, url: `${api}/stats/command/check` });
        await purge(broker);
        return value;
      },
    },
    {
      name: prefix + SETTINGS,
      measure: () =>
        requestsPerSecond({ ...LOAD, method: 'GET', headers, url: `${api}/settings?guild_id=${GUILD.guildId}` }),
    },
  ];
}

function bareContestant(bare: ServiceProcess): Contestant {
  const url = /listening on (\S+)/.exec(bare.startOutput)![1]!;
  return { name: BARE, measure: () => requestsPerSecond({ ...POST, headers: JSON_TYPE, url }) };
}

/** There is no consumer, so the recorded events would fill the queue. */
async function purge(broker: ChannelModel): Promise<void> {
  const channel = await broker.createChannel();
  await channel.purgeQueue(QUEUES.statistics);
  await channel.close();
}

function measurement(results: Record<string, Spread>): Measurement {
  const bare = results[BARE]!.median;
  return {
    parameters: { connections: CONNECTIONS, secondsPerRound: SECONDS, rounds: ROUNDS },
    unit: UNIT,
    results,
    ratios: {
      [`${RECORD} / bare`]: { value: results[RECORD]!.median / bare, atLeast: 0.25 },
      [`${SETTINGS} / bare`]: { value: results[SETTINGS]!.median / bare },
    },
  };
}
