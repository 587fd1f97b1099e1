import type { EntityManager } from 'typeorm';
import { DIMENSIONS, groupingsOf, type Dimension, type StatisticKind, type StatisticsContract } from '#libs/contracts';
import { readStoredKinds } from '../kinds/stored-kinds.js';

/** A dimension, and the numbers of the kinds that are grouped by it. */
export interface GroupedKinds {
  dimension: number;
  /** The column of `statistic_events`. */
  column: (typeof DIMENSIONS)[Dimension]['column'];
  /** The column of `statistic_groups` with the keys. */
  keys: 'ids' | 'labels';
  kinds: number[];
}

/**
 * Which kinds are grouped by which dimension. Events of a kind may be stored that this instance does not collect: one
 * that was taken out of the file of own kinds, or that only another instance knows. Their definitions are read from the
 * database when they are needed.
 */
export class KindGroups {
  private readonly definitions = new Map<number, StatisticKind | undefined>();

  constructor(private readonly contract: StatisticsContract) {}

  /** Call it before the other methods. @param numbers of the kinds that are going to be grouped */
  async prepare(manager: EntityManager, numbers: Iterable<number>): Promise<void> {
    for (const kind of this.contract.kinds) this.definitions.set(kind.number, kind.definition);
    const unknown = [...new Set(numbers)].filter((number) => !this.definitions.has(number));
    if (unknown.length === 0) return;
    for (const { number, definition } of await readStoredKinds(manager)) {
      if (!this.definitions.has(number)) this.definitions.set(number, definition);
    }
    // A kind without a definition has totals, but no groups.
    for (const number of unknown) if (!this.definitions.has(number)) this.definitions.set(number, undefined);
  }

  get byDimension(): GroupedKinds[] {
    return (Object.keys(DIMENSIONS) as Dimension[]).map((name) => ({
      dimension: DIMENSIONS[name].number,
      column: DIMENSIONS[name].column,
      keys: name === 'label' ? 'labels' : 'ids',
      kinds: this.numbersOf((definition) => [...groupingsOf(definition).values()].includes(name)),
    }));
  }

  /** The numbers of the kinds with any dimension. */
  get grouped(): number[] {
    return this.numbersOf((definition) => groupingsOf(definition).size > 0);
  }

  private numbersOf(isWanted: (definition: StatisticKind) => boolean): number[] {
    return [...this.definitions].flatMap(([number, definition]) =>
      definition !== undefined && isWanted(definition) ? [number] : [],
    );
  }
}
