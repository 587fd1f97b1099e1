/** Discord's limit for the name of a channel, in characters (code points). */
const MAX_NAME_LENGTH = 100;

/** `{label}: {count}`. The label is truncated if necessary, the count never. */
export function counterName(label: string, count: number): string {
  const suffix = `: ${count}`;
  return (
    Array.from(label)
      .slice(0, MAX_NAME_LENGTH - suffix.length)
      .join('') + suffix
  );
}
