import {
  CATALOGUE,
  fieldIn,
  fieldsOf,
  GUILD_EVENTS,
  groupingsOf,
  identifierOf,
  SWITCHES,
  summaryPathOf,
  type BuiltInKind,
  type OwnStatistics,
  type StatisticKind,
} from '#libs/contracts';
import { mistakeAt, shown, type FileMistake } from './file-mistake.js';
import { FIELDS_OF_THEIR_COLUMN, RESERVED_FIELDS, RESERVED_PATHS, RESERVED_SETTINGS } from './reserved-names.js';

const BUILT_IN = Object.entries(CATALOGUE) as [string, BuiltInKind][];

/** What a schema cannot say: names and paths that are taken, and properties of a kind that do not fit each other. */
export function ruleMistakes({ kinds, switches }: OwnStatistics): FileMistake[] {
  const paths = new TakenPaths();
  const identifiers = new Map(builtInIdentifiers());
  return [
    ...Object.keys(switches).flatMap(switchMistakes),
    ...Object.entries(kinds).flatMap(([name, kind]) => [
      ...nameMistakes(name, identifiers),
      ...paths.mistakes(name, kind),
      ...usedSwitchMistakes(name, kind, switches),
      ...fieldMistakes(name, kind),
      ...identityMistakes(name, kind),
      ...groupingMistakes(name, kind),
    ]),
  ];
}

function switchMistakes(name: string): FileMistake[] {
  if (!Object.hasOwn(SWITCHES, name) && !RESERVED_SETTINGS.test(name)) return [];
  return [taken(['switches', name], 'the name of a built-in setting', 'a name that the settings do not have')];
}

function nameMistakes(name: string, identifiers: Map<string, string>): FileMistake[] {
  const at = ['kinds', name];
  if (Object.hasOwn(CATALOGUE, name) || Object.hasOwn(GUILD_EVENTS, name)) {
    return [taken(at, 'the name of a built-in event', 'a name that no built-in event has')];
  }
  const identifier = identifierOf(name);
  const other = identifiers.get(identifier);
  identifiers.set(identifier, name);
  if (other === undefined) return [];
  return [
    taken(at, `called ${identifier} in the API document, as ${other} is`, 'a name that differs by more than . and _'),
  ];
}

/** The names of built-in events in the API document. */
function builtInIdentifiers(): [string, string][] {
  const nouns = BUILT_IN.flatMap(([name, { noun }]) =>
    noun === undefined ? [] : [[identifierOf(noun), name] as const],
  );
  const names = [...Object.keys(CATALOGUE), ...Object.keys(GUILD_EVENTS)].map(
    (name) => [identifierOf(name), name] as const,
  );
  return [...nouns, ...names].map(([identifier, name]) => [identifier, name]);
}

/** The paths of all kinds so far. */
class TakenPaths {
  private readonly owners = new Map(BUILT_IN.flatMap(([name, kind]) => pathsOf(kind).map(({ path }) => [path, name])));

  /** One mistake for each property whose path, or a path that follows from it, is taken. */
  mistakes(name: string, kind: StatisticKind): FileMistake[] {
    const paths = pathsOf(kind);
    const mistakes = new Map<string, FileMistake>();
    for (const { property, path, shownPath } of paths) {
      const by = this.takenBy(path);
      if (by === undefined || mistakes.has(property)) continue;
      mistakes.set(property, taken(['kinds', name, property], shownPath, `another path: ${by}`));
    }
    for (const { path } of paths) if (!this.owners.has(path)) this.owners.set(path, name);
    return [...mistakes.values()];
  }

  private takenBy(path: string): string | undefined {
    const reserved = RESERVED_PATHS.find((taken) => path === taken || path.startsWith(`${taken}/`));
    if (reserved !== undefined) return `the API has ${reserved} itself`;
    const owner = this.owners.get(path);
    return owner === undefined ? undefined : `${owner} has ${path}`;
  }
}

interface KindPath {
  /** The property that decides the path. */
  property: string;
  path: string;
  shownPath: string;
}

/** One path may be for both POST and GET. */
function pathsOf(kind: StatisticKind): KindPath[] {
  const { recordPath, viewPath } = kind;
  const summaryPath = summaryPathOf(kind);
  const isDefault = viewPath === `${recordPath}/view`;
  const property = isDefault ? 'record_path' : 'view_path';
  return [
    { property: 'record_path', path: recordPath, shownPath: shown(recordPath)! },
    ...(viewPath === recordPath
      ? []
      : [
          {
            property,
            path: viewPath,
            shownPath: isDefault ? `${shown(recordPath)}, with the view ${shown(viewPath)}` : shown(viewPath)!,
          },
        ]),
    {
      property,
      path: summaryPath,
      shownPath: `${shown(isDefault ? recordPath : viewPath)}, with the summary ${shown(summaryPath)}`,
    },
  ];
}

function usedSwitchMistakes(name: string, kind: StatisticKind, own: OwnStatistics['switches']): FileMistake[] {
  const isKnown = (used: string) => Object.hasOwn(SWITCHES, used) || Object.hasOwn(own, used);
  const expected = 'a switch that `switches` defines, or a built-in one';
  const mistakes: FileMistake[] = [];
  if (!isKnown(kind.switch)) mistakes.push(mistakeAt(['kinds', name, 'switch'], kind.switch, expected));
  const { botSwitch } = kind;
  if (botSwitch === undefined) return mistakes;
  const at = ['kinds', name, 'bot_switch'];
  if (!isKnown(botSwitch)) mistakes.push(mistakeAt(at, botSwitch, expected));
  else if (!columnsOf(kind).includes('is_bot')) {
    mistakes.push(mistakeAt(at, botSwitch, 'a field in the column is_bot, which says whose events are of bots'));
  }
  return mistakes;
}

function fieldMistakes(name: string, kind: StatisticKind): FileMistake[] {
  const mistakes: FileMistake[] = [];
  const holders = new Map<string, string>();
  for (const { name: field, column } of fieldsOf(kind)) {
    const at = ['kinds', name, 'fields', field];
    if (RESERVED_FIELDS.includes(field)) {
      mistakes.push(taken(at, 'a name that records or events have anyway', 'another name'));
    } else if (FIELDS_OF_THEIR_COLUMN.includes(field) && field !== column) {
      mistakes.push(mistakeAt(at, column, `${field}, the column of that name, or another name for the field`));
    }
    const other = holders.get(column);
    if (other !== undefined) mistakes.push(mistakeAt(at, column, `another column: ${other} is in it`));
    else holders.set(column, field);
  }
  if (kind.optionalUser && holders.has('user_id')) {
    const expected = `false: the field ${holders.get('user_id')} is the user`;
    mistakes.push(mistakeAt(['kinds', name, 'optional_user'], true, expected));
  }
  return mistakes;
}

function identityMistakes(name: string, kind: StatisticKind): FileMistake[] {
  const { identifiedBy } = kind;
  if (identifiedBy === undefined || identifiedBy === fieldIn(kind, 'message_id')) return [];
  return [mistakeAt(['kinds', name, 'identified_by'], identifiedBy, 'the name of the field in the column message_id')];
}

function groupingMistakes(name: string, kind: StatisticKind): FileMistake[] {
  const { labelGrouping, fields } = kind;
  const label = fieldIn(kind, 'label');
  const at = ['kinds', name, 'label_grouping'];
  if (label === undefined) {
    return labelGrouping === undefined
      ? []
      : [mistakeAt(at, labelGrouping, 'a field in the column label, which it names')];
  }
  const grouping = labelGrouping ?? label;
  const others = groupingsOf({ ...kind, fields: { ...fields, [label]: 'value' } });
  return others.has(grouping)
    ? [mistakeAt(at, labelGrouping, `a name other than ${[...others.keys()].join(' and ')}`)]
    : [];
}

function columnsOf(kind: StatisticKind): string[] {
  return fieldsOf(kind).map(({ column }) => column);
}

function taken(path: readonly string[], shownValue: string, expected: string): FileMistake {
  return { ...mistakeAt(path, undefined, expected), shownValue };
}
