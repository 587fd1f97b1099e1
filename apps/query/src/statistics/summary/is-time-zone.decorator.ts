import { spacesAsPlus } from '../../requests/formats.js';
import { ReadAs, type FieldOptions } from '../../requests/read-as.decorator.js';
import { parseTimeZone } from './time-zone.js';

/** The name of a time zone in a query string, read as its canonical name. */
export const IsTimeZone = (options?: FieldOptions) =>
  ReadAs(
    {
      expected: 'an IANA time zone name, such as Europe/Amsterdam',
      schema: { type: 'string', examples: ['Europe/Amsterdam'] },
      parse: (value) => (typeof value === 'string' ? parseTimeZone(spacesAsPlus(value)) : undefined),
    },
    options,
  );
