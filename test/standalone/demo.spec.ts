import { DemoEvents } from '../../apps/standalone/src/demo/made-up-guild/demo-events.js';
import { CATALOGUE } from '#libs/contracts';
import { claimVhost } from '../harness/test-broker.js';
import { createTestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { BareMachine, Installation, type StandaloneProcess } from './standalone-process.js';

const HOUR_MS = 3_600_000;
/** On a busy machine. */
const READY_WITHIN_MS = 120_000;
const DAY_MS = 24 * HOUR_MS;
const COMMAND = [process.execPath, `${process.cwd()}/scripts/demo.mjs`, '--days'];

interface Summary {
  total: number;
  series: { bucket: string; count: number }[];
}

describe('npm run demo', () => {
  it('stores exactly what it makes up, once however often it runs, with a broker and without', async () => {
    const machine = await BareMachine.create();
    const installation = await Installation.create(machine.path);
    const [database, vhost] = await Promise.all([createTestDatabase(), claimVhost()]);
    try {
      const run = async (days: number, env: Record<string, string>) => {
        const startedAt = Date.now();
        const demo = installation.start({ DATABASE_URL: database.url, ...env }, [...COMMAND, String(days)]);
        await demo.hasWritten(/The demo guild is ready[^]*Ctrl-C/, READY_WITHIN_MS);
        // Whole hours that are part of its history.
        const window = { from: nextHour(Date.now() - days * DAY_MS), to: nextHour(startedAt) - HOUR_MS };
        expect(await storedCounts(demo, window)).toEqual(expectedCounts(window));
        const snapshots = () =>
          database.query(
            'SELECT 1 FROM guild_snapshots WHERE guild_id = $1 AND occurred_at >= $2 AND occurred_at < $3',
            [demo.row('Guild'), new Date(window.from), new Date(window.to)],
          );
        const perHour = async () => ((await snapshots()).length * HOUR_MS) / (window.to - window.from);
        expect(await waitFor(async () => (await perHour()) === 4, { what: 'all snapshots' })).toBe(true);
        expect(demo.row('Dashboard')).toBe(`${demo.row('URL')}/g/${demo.row('Guild')}`);
        expect(await demo.stop('SIGINT')).toBe(0);
        return demo.row('API key');
      };
      const key = await run(0.5, { RABBITMQ_URL: vhost.url });
      expect(await run(0.1, {})).toBe(key);
    } finally {
      await installation.dispose();
      await machine.dispose();
      await vhost.release();
      await database.release();
    }
  }, 300_000);
});

/** By kind: the number of events in each hour. */
type Counts = Record<string, number[]>;

interface Window {
  /** Unix milliseconds, the beginning of an hour. */
  from: number;
  to: number;
}

function expectedCounts({ from, to }: Window): Counts {
  const hours = (to - from) / HOUR_MS;
  const counts = Object.fromEntries(Object.keys(CATALOGUE).map((kind) => [kind, new Array<number>(hours).fill(0)]));
  for (const { name, occurredAt } of new DemoEvents().between(from, to)) {
    const hour = Math.floor((occurredAt - from) / HOUR_MS);
    if (counts[name] !== undefined) counts[name][hour]!++;
  }
  return counts;
}

/** What the API answers with the key that the demo printed. */
async function storedCounts(demo: StandaloneProcess, window: Window): Promise<Counts> {
  const query = new URLSearchParams({
    guild_id: demo.row('Guild'),
    from: new Date(window.from).toISOString(),
    to: new Date(window.to).toISOString(),
    interval: 'hour',
  });
  const summaries = Object.entries(CATALOGUE).map(async ([kind, { viewPath }]) => {
    const path = viewPath.replace(/view$/, 'summary');
    const response = await fetch(`${demo.row('URL')}/modules/serverstats/${path}?${query}`, {
      headers: { authorization: `Bearer ${demo.row('API key')}` },
    });
    const { data } = (await response.json()) as { data: Summary };
    return [kind, data.series.map(({ count }) => count)] as const;
  });
  return Object.fromEntries(await Promise.all(summaries));
}

function nextHour(time: number): number {
  return Math.ceil(time / HOUR_MS) * HOUR_MS;
}
