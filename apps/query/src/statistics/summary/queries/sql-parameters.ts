/** Collects the parameters of a statement while its text is written. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** Takes a value and returns its place in the text. */
  bind(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`;
  }

  /** The same for moments in Unix milliseconds. */
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
