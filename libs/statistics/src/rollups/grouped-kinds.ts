import { DIMENSIONS, groupingsOf, type Dimension, type StatisticsContract } from '#libs/contracts';

/** A dimension, and the numbers of the kinds that are grouped by it. */
export interface GroupedKinds {
  dimension: number;
  /** The column of `statistic_events`. */
  column: (typeof DIMENSIONS)[Dimension]['column'];
  /** The column of `statistic_groups` with the keys. */
  keys: 'ids' | 'labels';
  kinds: number[];
}

/** Which kinds are grouped by which dimension, from the catalogue. */
export function groupedKinds(contract: StatisticsContract): GroupedKinds[] {
  return (Object.keys(DIMENSIONS) as Dimension[]).map((name) => ({
    dimension: DIMENSIONS[name].number,
    column: DIMENSIONS[name].column,
    keys: name === 'label' ? 'labels' : 'ids',
    kinds: contract.kinds
      .filter(({ definition }) => [...groupingsOf(definition).values()].includes(name))
      .map(({ definition }) => definition.number),
  }));
}
