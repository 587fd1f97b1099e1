import { createApiKey } from '#libs/api-keys';
import { createDataSource } from '#libs/database';
import type { Bench, Measurement } from '../bench.js';
import { createBenchDatabase } from '../harness/databases.js';
import { startQueryService, type QueryService } from '../harness/query-service.js';
import { measureInRounds, type Contestant, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { medianRequestTime } from './request-time.js';

const ROUNDS = benchNumber('BENCH_ROUNDS', 5);
const REQUESTS = benchNumber('BENCH_REQUESTS', 3_000);
const UNIT = 'µs per request';
const GUILD = '9007199254740993';

/** Measures that the time to reject a credential does not depend on where it differs from a valid one. */
export const credentials: Bench = {
  title: 'time to reject a credential, by where it differs from a valid one',
  servers: ['postgres'],
  async run() {
    const database = await createBenchDatabase('credentials');
    try {
      const apiKey = await makeApiKey(database.url);
      const service = await startQueryService(database.url, { env: { RATE_LIMIT_PER_MINUTE: '0' } });
      try {
        return measurement(await measureInRounds(ROUNDS, contestants(service, apiKey), UNIT));
      } finally {
        await service.stop();
      }
    } finally {
      await database.drop();
    }
  },
};

async function makeApiKey(databaseUrl: string): Promise<string> {
  const dataSource = createDataSource({ url: databaseUrl, poolSize: 1, applicationName: 'bench' });
  await dataSource.initialize();
  try {
    return (await createApiKey(dataSource.manager, { guildId: GUILD, name: 'bench', access: 'read' })).secret;
  } finally {
    await dataSource.destroy();
  }
}

function contestants(service: QueryService, apiKey: string): Contestant[] {
  const random = 'serverstats_'.length;
  return [
    ...wrongCredentials('service key', service.key, 0),
    // The prefix before the random part is public.
    ...wrongCredentials('API key', apiKey, random),
  ].map(({ name, credential }) => ({
    name,
    measure: () => medianRequestTime(`${service.url}/modules/serverstats/status?guild_id=1`, credential, REQUESTS),
  }));
}

function wrongCredentials(what: string, right: string, from: number): { name: string; credential: string }[] {
  const last = right.length - 1;
  return [
    { name: `${what}, first character`, credential: withDifferentCharacter(right, from) },
    { name: `${what}, middle`, credential: withDifferentCharacter(right, Math.trunc((from + last) / 2)) },
    // Not the last character, because that of an API key has only two bits.
    { name: `${what}, near the end`, credential: withDifferentCharacter(right, last - 1) },
  ];
}

function withDifferentCharacter(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
}

function measurement(results: Record<string, Spread>): Measurement {
  const ratio = (what: string, where: string) => ({
    value: results[`${what}, ${where}`]!.median / results[`${what}, first character`]!.median,
    atLeast: 0.9,
    atMost: 1.1,
  });
  return {
    parameters: { requestsPerRound: REQUESTS, rounds: ROUNDS },
    unit: UNIT,
    results,
    ratios: Object.fromEntries(
      ['service key', 'API key'].flatMap((what) =>
        ['middle', 'near the end'].map((where) => [`${what}: ${where} / first character`, ratio(what, where)]),
      ),
    ),
  };
}
