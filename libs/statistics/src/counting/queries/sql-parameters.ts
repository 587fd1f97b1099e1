/** Collects the parameters of a SQL statement. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** Adds a parameter. @returns its placeholder */
  bind(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`;
  }

  /** Adds a time in Unix milliseconds. @returns its placeholder */
  bindTime(time: number): string {
    return this.bind(new Date(time).toISOString(), 'timestamptz');
  }

  bindTimes(times: readonly number[]): string {
    return this.bind(
      times.map((time) => new Date(time).toISOString()),
      'timestamptz[]',
    );
  }
}
