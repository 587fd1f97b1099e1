/** One mistake in the file of own kinds. */
export interface FileMistake {
  /** The names of the properties that lead to it. Empty for the file itself. */
  path: readonly string[];
  /** What is there; undefined if something is missing. */
  shownValue?: string;
  /** Completes the sentence "expected …". */
  expected: string;
}

const SHOWN_LENGTH = 200;

export function mistakeAt(path: readonly string[], value: unknown, expected: string): FileMistake {
  return { path, shownValue: shown(value), expected };
}

/** A path as text, such as `kinds["ticket.closed"].record_path`. */
export function placeOf(path: readonly string[]): string {
  return path.reduce((place, name) => {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) return `${place}[${JSON.stringify(name)}]`;
    return place === '' ? name : `${place}.${name}`;
  }, '');
}

export function shown(value: unknown): string | undefined {
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
  if (text === undefined) return undefined;
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
