import { DEAD_LETTERS } from '#libs/contracts';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { waitFor } from '../harness/wait-for.js';
import { ApiClient } from '../harness/api-client.js';
import type { PrivateServers } from '../gate/private-servers.js';
import { Fleet } from './fleet.js';
import { Load } from './load.js';

const DRAIN_MS = 120_000;
const DAY_MS = 86_400_000;

const ids = new SnowflakeSource();

/**
 * Runs the work of an operator while a bot publishes, and fails if the bot saw an error, or an event is missing or
 * stored twice. Prints what it measured.
 *
 * @param before starts the first instances
 */
export async function underLoad(
  title: string,
  servers: PrivateServers,
  before: (fleet: Fleet) => Promise<void>,
  work: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const guildId = ids.next(30 * DAY_MS);
  // Without the short heartbeat of the gate, which a busy machine would miss.
  const brokerUrl = servers.brokerUrl.split('?')[0]!;
  const fleet = new Fleet(servers.databaseUrl, brokerUrl);
  try {
    await before(fleet);
    await new ApiClient(fleet.queryUrls()[0]!).openGuild(guildId);
    const load = await Load.start(brokerUrl, guildId, fleet.queryUrls);
    try {
      await work(fleet);
    } finally {
      await load.stop();
    }
    const expected = load.accepted;
    await waitFor(async () => (await queuedMessages(servers)) === 0, {
      what: 'empty queues',
      timeoutMs: DRAIN_MS,
      intervalMs: 500,
    });
    const sql = 'SELECT count(*)::int AS count FROM statistic_events WHERE guild_id = $1';
    const [row] = await servers.query<{ count: number }>(sql, [guildId]);
    process.stderr.write(
      `${title}: ${expected} events accepted, ${row!.count} rows, ${load.errors.length} errors, ` +
        `slowest confirm ${load.slowest.confirm} ms, slowest answer ${load.slowest.answer} ms\n`,
    );
    if (load.errors.length > 0) process.stderr.write(`${fleet.troubles().join('\n')}\n`);
    expect(load.errors).toEqual([]);
    expect(row!.count).toBe(expected);
    expect((await servers.queueDepths())[DEAD_LETTERS]).toBe(0);
    await fleet.expectNoDuplicatesAnywhere();
  } finally {
    await fleet.kill();
  }
}

async function queuedMessages(servers: PrivateServers): Promise<number> {
  const { [DEAD_LETTERS]: _, ...queues } = await servers.queueDepths();
  return Object.values(queues).reduce((sum, depth) => sum + depth, 0);
}
