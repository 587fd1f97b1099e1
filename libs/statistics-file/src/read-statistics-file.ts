import { readFileSync, statSync } from 'node:fs';
import { OWN_FIELD_COLUMNS, type OwnStatistics, type StatisticKind } from '#libs/contracts';
import { parseLosslessJson, type JsonValue } from '#libs/json';
import type { FileMistake } from './file-mistake.js';
import { schemaMistakes, type KindInFile, type StatisticsFile } from './file-schema.js';
import { ruleMistakes } from './file-rules.js';

const MAX_BYTES = 1_048_576;
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

export type ReadStatisticsFile = { statistics: OwnStatistics } | { mistakes: FileMistake[] };

/** Reads the kinds of one's own. @returns them, or all mistakes in the file */
export function readStatisticsFile(path: string): ReadStatisticsFile {
  const read = readJson(path);
  return 'mistake' in read ? { mistakes: [read.mistake] } : parseStatisticsFile(read.json);
}

export function parseStatisticsFile(json: JsonValue): ReadStatisticsFile {
  const ofForm = schemaMistakes(json);
  const statistics = ownStatistics(json);
  const ofRules = ruleMistakes(statistics).filter((mistake) => !isDoubtful(mistake, ofForm));
  const mistakes = [...ofForm, ...ofRules];
  return mistakes.length === 0 ? { statistics } : { mistakes };
}

/** What the file defines. Values that are not of the right form are left out, so that the rules can be checked too. */
function ownStatistics(json: JsonValue): OwnStatistics {
  const { switches, kinds } = objectOf(json) as Record<keyof StatisticsFile, unknown>;
  return {
    kinds: mapObject(kinds, (kind) => kindOf(objectOf(kind))),
    switches: mapObject(switches, (definition) => ({
      description: textOf(objectOf(definition).description) ?? '',
      required: false,
    })),
  };
}

function kindOf(kind: Readonly<Record<keyof KindInFile, unknown>>): StatisticKind {
  const recordPath = withoutLeadingSlash(textOf(kind.record_path) ?? '');
  const viewPath = textOf(kind.view_path);
  const columns = mapObject(kind.fields, (column) => OWN_FIELD_COLUMNS.find((known) => known === column));
  const fields = Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined));
  return {
    title: textOf(kind.title) ?? '',
    recordPath,
    viewPath: viewPath === undefined ? `${recordPath}/view` : withoutLeadingSlash(viewPath),
    switch: textOf(kind.switch) ?? '',
    botSwitch: textOf(kind.bot_switch),
    optionalUser: (kind.optional_user as boolean | undefined) ?? !Object.values(fields).includes('user_id'),
    fields: fields as StatisticKind['fields'],
    identifiedBy: textOf(kind.identified_by),
    labelGrouping: textOf(kind.label_grouping),
  };
}

/** Properties whose rules depend on the fields. */
const ABOUT_FIELDS = ['bot_switch', 'optional_user', 'identified_by', 'label_grouping'];

/** Whether a mistake by the rules only follows from one of the form. */
function isDoubtful({ path: [list, name, property] }: FileMistake, ofForm: readonly FileMistake[]): boolean {
  const mistaken = ofForm
    .filter(({ path }) => path[0] === list && (path[1] ?? name) === name)
    .map(({ path }) => path[2]);
  return mistaken.some(
    (other) =>
      other === undefined ||
      (other === property && other !== 'fields') ||
      (other === 'fields' && ABOUT_FIELDS.includes(property!)),
  );
}

function mapObject<T>(value: unknown, map: (inner: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, inner]) => [name, map(inner)]));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function withoutLeadingSlash(path: string): string {
  return path.replace(/^\//, '');
}

function readJson(path: string): { json: JsonValue } | { mistake: FileMistake } {
  const mistake = (shownValue: string, expected: string) => ({
    mistake: { path: [], shownValue: `${JSON.stringify(path)}, ${shownValue}`, expected },
  });
  let text: string;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return mistake('which is not a file', 'a JSON file');
    if (stat.size > MAX_BYTES) return mistake(`of ${stat.size} bytes`, `a file of at most ${MAX_BYTES} bytes`);
    text = UTF_8.decode(readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return mistake(`which cannot be read (${code ?? message})`, 'a readable JSON file in UTF-8');
  }
  try {
    return { json: parseLosslessJson(text) };
  } catch (error) {
    return mistake(`which is not JSON: ${(error as Error).message}`, 'a JSON file');
  }
}
