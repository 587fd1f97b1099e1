import { DIMENSIONS, groupingsOf, type Dimension, type StatisticsContract } from '#libs/contracts';

/** A dimension, and the numbers of the kinds whose records have it. */
export interface GroupedKinds {
  dimension: number;
  /** The column of the events. */
  column: (typeof DIMENSIONS)[Dimension]['column'];
  /** The column of the groups that holds the keys. */
  keys: 'ids' | 'labels';
  kinds: number[];
}

/** What is rolled up by which dimension, as the catalogue says. */
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
