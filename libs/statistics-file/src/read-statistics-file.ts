import { readFileSync, statSync } from 'node:fs';
import type { OwnStatistics, StatisticKind } from '#libs/contracts';
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
  // Rules are checked for the kinds of the right form, so that all mistakes are told at once.
  const statistics = ownStatistics(json, ofForm);
  const mistakes = [...ofForm, ...ruleMistakes(statistics)];
  return mistakes.length === 0 ? { statistics } : { mistakes };
}

/** What the file defines, without the kinds that are not of the right form. */
function ownStatistics(json: JsonValue, mistakes: readonly FileMistake[]): OwnStatistics {
  const { switches, kinds } = (isObject(json) ? json : {}) as Partial<StatisticsFile>;
  const isWellFormed = (name: string) =>
    !mistakes.some(({ path: [list, of] }) => list === 'kinds' && (of === undefined || of === name));
  const wellFormed = Object.entries(isObject(kinds) ? kinds : {}).filter(([name]) => isWellFormed(name));
  const named = Object.entries(isObject(switches) ? switches : {});
  return {
    kinds: Object.fromEntries(wellFormed.map(([name, kind]) => [name, kindOf(kind)])),
    switches: Object.fromEntries(
      named.map(([name, definition]) => [name, { description: definition?.description ?? '', required: false }]),
    ),
  };
}

function kindOf(kind: KindInFile): StatisticKind {
  const recordPath = withoutLeadingSlash(kind.record_path);
  const hasUserField = Object.values(kind.fields).includes('user_id');
  return {
    title: kind.title,
    recordPath,
    viewPath: kind.view_path === undefined ? `${recordPath}/view` : withoutLeadingSlash(kind.view_path),
    switch: kind.switch,
    botSwitch: kind.bot_switch,
    optionalUser: kind.optional_user ?? !hasUserField,
    fields: kind.fields,
    identifiedBy: kind.identified_by,
    labelGrouping: kind.label_grouping,
  };
}

function withoutLeadingSlash(path: string): string {
  return path.replace(/^\//, '');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
