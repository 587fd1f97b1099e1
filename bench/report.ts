import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import type { Bench, Measurement, Ratio } from './bench.js';
import { postgresVersion, rabbitmqVersion } from './harness/servers.js';

export function printTable({ unit, results, ratios }: Measurement): void {
  const rows = Object.entries(results).map(([name, { median, lowest, highest }]) => [
    name,
    { [`median ${unit}`]: short(median), lowest: short(lowest), highest: short(highest) },
  ]);
  console.table(Object.fromEntries(rows));
  const faster = timesAsFast(unit, results);
  if (Object.keys(faster).length > 0) console.table(faster);
  console.table(
    Object.fromEntries(
      Object.entries(ratios).map(([name, ratio]) => [
        name,
        { ratio: short(ratio.value), wanted: wanted(ratio), reached: wanted(ratio) === '' ? '' : isReached(ratio) },
      ]),
    ),
  );
}

/** Compares each result with that of the baseline, if there is one. */
function timesAsFast(
  unit: string,
  results: Measurement['results'],
): Record<string, { 'times as fast as the baseline': number }> {
  const isTime = !unit.endsWith('/s');
  const rows = Object.entries(results).flatMap(([name, { median }]) => {
    const baseline = results[`baseline ${name}`];
    if (baseline === undefined) return [];
    const ratio = isTime ? baseline.median / median : median / baseline.median;
    return [[name, { 'times as fast as the baseline': short(ratio) }] as const];
  });
  return Object.fromEntries(rows);
}

/** @returns the path of the file */
export async function writeReport(name: string, bench: Bench, measurement: Measurement): Promise<string> {
  const report = {
    name,
    at: new Date().toISOString(),
    commit: commit(),
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30) },
    versions: {
      node: process.versions.node,
      ...(bench.servers.includes('postgres') && { postgres: await postgresVersion() }),
      ...(bench.servers.includes('rabbitmq') && { rabbitmq: await rabbitmqVersion() }),
    },
    ...measurement,
  };
  const path = `bench/results/${name}.json`;
  await mkdir('bench/results', { recursive: true });
  const text = JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' ? short(value) : value), 2);
  await writeFile(path, `${text}\n`);
  return path;
}

function wanted({ atLeast, atMost }: Ratio): string {
  return [atLeast === undefined ? '' : `>= ${atLeast}`, atMost === undefined ? '' : `<= ${atMost}`].join('');
}

function isReached({ value, atLeast = -Infinity, atMost = Infinity }: Ratio): boolean {
  return value >= atLeast && value <= atMost;
}

/** Rounds to four significant digits, or to an integer. */
function short(value: number): number {
  return value >= 1_000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** The commit, with a `+` if there are uncommitted changes. */
function commit(): string | undefined {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return undefined;
  }
}
