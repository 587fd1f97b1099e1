import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { OWN_FIELD_COLUMNS, type FieldColumn, type JsonSchema } from '#libs/contracts';
import { mistakeAt, placeOf, type FileMistake } from './file-mistake.js';

/** A kind as it is written in the file. */
export interface KindInFile {
  title: string;
  record_path: string;
  view_path?: string;
  switch: string;
  bot_switch?: string;
  optional_user?: boolean;
  fields: Record<string, FieldColumn>;
  identified_by?: string;
  label_grouping?: string;
}

export interface StatisticsFile {
  switches?: Record<string, { description: string }>;
  kinds: Record<string, KindInFile>;
}

/** Each kind has three routes, which every start declares. */
const MAX_KINDS = 200;
const MAX_SWITCHES = 100;

/** In addition to JSON Schema: completes the sentence "expected …" for a value that the schema refuses. */
const EXPECTED = 'expected';

const NAME = '^[a-z][a-z0-9_]{0,62}$';
const name = {
  type: 'string',
  pattern: NAME,
  [EXPECTED]: 'a name of at most 63 lower-case letters, digits and _, beginning with a letter',
};
const path = {
  type: 'string',
  maxLength: 200,
  pattern: '^/?[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*$',
  [EXPECTED]: 'a path like stats/tickets/closed: lower-case letters, digits, - and _',
};
const text = {
  type: 'string',
  // oxlint-disable-next-line no-control-regex -- control characters are what it forbids
  pattern: /^[^\u0000-\u001f\u007f\ud800-\udfff]{1,100}$/u.source,
  [EXPECTED]: 'a text of 1 to 100 characters on one line',
};

const KIND = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'record_path', 'switch', 'fields'],
  [EXPECTED]: 'an object with title, record_path, switch and fields',
  properties: {
    title: { ...text, description: 'Describes an event of this kind in documents' },
    record_path: {
      ...path,
      description: 'Where events are posted, relative to /modules/serverstats',
      examples: ['stats/tickets/closed'],
    },
    view_path: {
      ...path,
      description:
        'Where records are listed. Default: `<record_path>/view`. The summary lies beside a path that ends in `view`, else at `<view_path>/summary`',
    },
    switch: {
      ...name,
      description: 'The setting that says whether the kind is collected: a new one or a built-in one',
    },
    bot_switch: {
      ...name,
      description: 'A second setting, for events of bots. The kind needs a field in the column is_bot',
    },
    optional_user: {
      type: 'boolean',
      [EXPECTED]: 'true or false',
      description: 'Whether events may bear a user_id. Default: true, if no field is in the column user_id',
    },
    fields: {
      type: 'object',
      propertyNames: name,
      additionalProperties: { enum: OWN_FIELD_COLUMNS, [EXPECTED]: `one of ${OWN_FIELD_COLUMNS.join(', ')}` },
      [EXPECTED]: 'an object with a column for each field',
      description:
        'The required fields of an event besides guild_id, each with the column that holds it: an id (user_id, channel_id, message_id), a text of 1 to 100 characters (label), a delay in milliseconds (value), true or false (is_bot)',
    },
    identified_by: {
      ...name,
      description:
        'The field in the column message_id whose id and time are those of the event, so that it counts once',
    },
    label_grouping: {
      ...name,
      description: 'The name in group_by for the field in the column label. Default: the name of the field',
    },
  },
};

/** The form of the file. What a schema cannot say is in {@link ruleMistakes}. */
const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Statistics of your own',
  description: 'The file that STATISTICS_FILE names',
  type: 'object',
  additionalProperties: false,
  required: ['kinds'],
  [EXPECTED]: 'an object with kinds, and switches if there are new ones',
  properties: {
    $schema: { type: 'string', description: 'The URL or the path of this schema, for editors', [EXPECTED]: 'a text' },
    switches: {
      type: 'object',
      description: 'New settings, by name. They are off until a guild switches them on',
      maxProperties: MAX_SWITCHES,
      propertyNames: name,
      [EXPECTED]: `an object with at most ${MAX_SWITCHES} switches`,
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['description'],
        properties: { description: { ...text, description: 'What it collects, for documents' } },
        [EXPECTED]: 'an object with a description',
      },
    },
    kinds: {
      type: 'object',
      description: 'Kinds of statistics, by name. The name is the routing key of the events',
      maxProperties: MAX_KINDS,
      propertyNames: {
        type: 'string',
        maxLength: 100,
        pattern: '^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$',
        [EXPECTED]: 'a name like ticket.closed: two parts of lower-case letters, digits and _, at most 100 in all',
      },
      [EXPECTED]: `an object with at most ${MAX_KINDS} kinds`,
      additionalProperties: KIND,
    },
  },
};

/** The JSON Schema of the file, for editors. */
export const STATISTICS_FILE_SCHEMA = withoutExpectations(SCHEMA) as JsonSchema;

/** What the schema refuses, one mistake for each value. */
export function schemaMistakes(file: unknown): FileMistake[] {
  const validate = new Ajv2020({ allErrors: true, verbose: true, keywords: [EXPECTED] }).compile(SCHEMA);
  validate(file);
  const mistakes = new Map<string, FileMistake>();
  for (const error of validate.errors ?? []) {
    const mistake = mistakeOf(error);
    if (mistake === undefined) continue;
    const place = placeOf(mistake.path);
    if (!mistakes.has(place)) mistakes.set(place, mistake);
  }
  return [...mistakes.values()];
}

interface RefusingSchema {
  expected?: string;
  properties?: Record<string, RefusingSchema>;
  propertyNames?: RefusingSchema;
}

function mistakeOf(error: ErrorObject): FileMistake | undefined {
  const { keyword, params, data, propertyName } = error;
  const at = error.instancePath.split('/').slice(1).map(decodePointer);
  const schema = error.parentSchema as RefusingSchema;
  if (propertyName !== undefined) return undefined; // `propertyNames` is reported too
  switch (keyword) {
    case 'required': {
      const { missingProperty } = params as { missingProperty: string };
      return mistakeAt(
        [...at, missingProperty],
        undefined,
        schema.properties?.[missingProperty]?.expected ?? 'a value',
      );
    }
    case 'additionalProperties': {
      const { additionalProperty } = params as { additionalProperty: string };
      const known = Object.keys(schema.properties ?? {}).join(', ');
      return { ...mistakeAt([...at, additionalProperty], undefined, `one of ${known}`), shownValue: 'unknown' };
    }
    case 'propertyNames':
      return {
        ...mistakeAt(
          [...at, (params as { propertyName: string }).propertyName],
          undefined,
          schema.propertyNames!.expected!,
        ),
        shownValue: 'named wrongly',
      };
    default:
      return mistakeAt(at, data, schema.expected!);
  }
}

function decodePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

function withoutExpectations(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutExpectations);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => key !== EXPECTED || typeof value !== 'string');
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutExpectations(value)]));
}
