import type { FieldError } from '#libs/contracts';

/** A query string, taken apart. Every value is a text; what is wrong with it is told to whoever reads its fields. */
export interface QueryString {
  values: Record<string, string>;
  mistakes: FieldError[];
}

/** No request has nearly so many; each that is wrong costs more than its size. */
export const MAX_PARAMETERS = 100;
/** What a mistake names that is of no single field. */
export const WHOLE_QUERY_STRING = 'query string';

/** Never throws: the router calls it before any error could be answered. */
export function parseQueryString(text: string): QueryString {
  const values: Record<string, string> = {};
  const mistakes: FieldError[] = [];
  const parts = text.split('&').filter((part) => part !== '');
  if (parts.length > MAX_PARAMETERS) {
    return { values, mistakes: [{ field: WHOLE_QUERY_STRING, message: `must have at most ${MAX_PARAMETERS} fields` }] };
  }
  for (const part of parts) {
    const [rawName, rawValue] = splitOnce(part);
    const name = decode(rawName);
    const value = decode(rawValue);
    const field = name ?? rawName;
    if (name === undefined || value === undefined) {
      mistakes.push({ field, message: 'is not correctly percent-encoded UTF-8' });
    } else if (Object.hasOwn(values, name)) {
      mistakes.push({ field, message: 'is given twice' });
    } else {
      // Not by assignment, which would change the prototype for "__proto__".
      Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
    }
  }
  return { values, mistakes };
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=');
  return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
