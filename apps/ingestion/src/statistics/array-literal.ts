/**
 * A Postgres array in text format, as one parameter. The elements must be digits, UUIDs or null, so that they need no
 * escaping. This is faster than the driver's conversion.
 */
export function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** As {@link plainArray}, for any text. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value.replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}

/**
 * An array of integers as a quoted SQL literal, for statements that are sent together and so cannot have parameters.
 *
 * @throws Error for anything else, to prevent SQL injection
 */
export function integersInSql(values: readonly (string | number)[]): string {
  const list = values.join(',');
  if (!/^[0-9,-]*$/.test(list)) throw new Error('only integers are allowed in a statement');
  return `'{${list}}'`;
}
