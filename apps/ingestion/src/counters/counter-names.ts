/** Discord's limit for the name of a channel, in characters (code points). */
const LONGEST_NAME = 100;

/** `{label}: {count}`, the label cut so that the count is always there. */
export function counterName(label: string, count: number): string {
  const shown = `: ${count}`;
  return (
    Array.from(label)
      .slice(0, LONGEST_NAME - shown.length)
      .join('') + shown
  );
}
