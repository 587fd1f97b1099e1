/** Something that is measured once per round. */
export interface Contestant {
  name: string;
  /** @returns one measurement, in the unit of the bench */
  measure(): Promise<number>;
}

export interface Spread {
  median: number;
  lowest: number;
  highest: number;
}

/**
 * Measures the contestants alternately, so that temporary load of the machine affects all of them. Each round starts
 * with a different one.
 */
export async function measureInRounds(
  rounds: number,
  contestants: readonly Contestant[],
  unit: string,
): Promise<Record<string, Spread>> {
  const values = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    console.log(`round ${round + 1} of ${rounds}`);
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(round + turn) % contestants.length]!;
      const value = await contestant.measure();
      values.get(contestant.name)!.push(value);
      console.log(`  ${contestant.name.padEnd(44)} ${value.toPrecision(6)} ${unit}`);
    }
  }
  return Object.fromEntries([...values].map(([name, of]) => [name, spreadOf(of)]));
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: medianOf(sorted), lowest: sorted[0]!, highest: sorted.at(-1)! };
}

/** @param share 0.99 for the value that 99% of the values do not exceed */
export function percentileOf(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)]!;
}

function medianOf(sorted: readonly number[]): number {
  const upper = sorted[sorted.length >> 1]!;
  return sorted.length % 2 === 1 ? upper : (sorted[(sorted.length >> 1) - 1]! + upper) / 2;
}
