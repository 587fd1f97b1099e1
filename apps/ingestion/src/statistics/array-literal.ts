/**
 * A Postgres array in its text form, as one parameter. The driver's own conversion looks at every element; on the hot
 * path the elements are known to be digits, UUIDs or null.
 */
export function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** The same for texts of any content. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value.replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}

/**
 * Integers as an array that stands in the text of a statement, quotes and all: several statements sent at once can have
 * no parameters.
 *
 * @throws Error for anything else, which must never get into a statement
 */
export function integersInSql(values: readonly (string | number)[]): string {
  const list = values.join(',');
  if (!/^[0-9,-]*$/.test(list)) throw new Error('only integers may stand in the text of a statement');
  return `'{${list}}'`;
}
