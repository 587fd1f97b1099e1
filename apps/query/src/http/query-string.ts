import type { FieldError } from '#libs/contracts';

/** A parsed query string. All values are strings. Mistakes are reported when the fields are read. */
export interface QueryString {
  values: Record<string, string>;
  mistakes: FieldError[];
}

/** Far more than any request has. Limits the cost of invalid parameters. */
export const MAX_PARAMETERS = 100;
/** The field name of mistakes that concern the whole query string. */
export const WHOLE_QUERY_STRING = 'query string';

/** Never throws, because the router calls it before errors can be answered. */
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
      mistakes.push({ field, message: 'must be percent-encoded UTF-8' });
    } else if (Object.hasOwn(values, name)) {
      mistakes.push({ field, message: 'is given twice' });
    } else {
      // An assignment to "__proto__" would change the prototype.
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
