/** How a number is written: `1234567`, `1,234,567` or `1.2M`. */
export type NumberStyle = 'plain' | 'grouped' | 'short';

/** A part of the name of a counter's channel. */
export type FormatPart =
  { kind: 'text'; text: string } | { kind: 'number'; number: string; style: NumberStyle } | { kind: 'role name' };

/** How the name of a counter's channel is made. */
export type CounterFormat = readonly FormatPart[];

/** A number that is not from the catalogue of counters. */
export const GOAL = 'goal';
/** What is missing to the goal, never below 0. */
export const REMAINING = 'remaining';
const ROLE_NAME = 'role_name';
const SHORT = ':short';

/** What the placeholders of a format may be. */
export interface FormatRules {
  /** The name of the type, for messages. */
  type: string;
  /** The numbers of the type. */
  counts: readonly string[];
  hasRole: boolean;
  hasGoal: boolean;
}

/** @returns the format, or what is wrong with it */
export function parseFormat(text: string, rules: FormatRules): { format: CounterFormat } | { mistake: string } {
  const format: FormatPart[] = [];
  // Splitting by a group keeps what it matches: texts and placeholders take turns.
  for (const [index, part] of text.split(/<([^<>]*)>/).entries()) {
    if (index % 2 === 0) {
      if (part !== '') format.push({ kind: 'text', text: part });
      continue;
    }
    const placeholder = readPlaceholder(part, rules);
    if (typeof placeholder === 'string') return { mistake: placeholder };
    format.push(placeholder);
  }
  if (format.some((part) => part.kind === 'number' && rules.counts.includes(part.number))) return { format };
  const needed = rules.counts.map((count) => `<${count}>`);
  return { mistake: `must contain ${needed.length === 1 ? needed[0] : `at least one of ${needed.join(', ')}`}` };
}

/** @returns the part, or what is wrong */
function readPlaceholder(content: string, { type, counts, hasRole, hasGoal }: FormatRules): FormatPart | string {
  const isShort = content.endsWith(SHORT);
  const name = isShort ? content.slice(0, -SHORT.length) : content;
  if (name === ROLE_NAME && !isShort) return hasRole ? { kind: 'role name' } : meaningless(ROLE_NAME, type);
  const isGoal = name === GOAL || name === REMAINING;
  if (!isGoal && !counts.includes(name)) {
    const known = [...counts, ...(counts.length === 1 ? [GOAL, REMAINING] : []), ...(hasRole ? [ROLE_NAME] : [])];
    const list = known.map((each) => `<${each}>`).join(', ');
    return `must not contain <${content}>: ${type} has ${list}, and numbers may be short, as in <${counts[0]}${SHORT}>`;
  }
  if (isGoal && counts.length > 1) return meaningless(name, type);
  if (isGoal && !hasGoal) return `must not contain <${name}> without a goal`;
  return { kind: 'number', number: name, style: isShort ? 'short' : 'grouped' };
}

function meaningless(placeholder: string, type: string): string {
  return `must not contain <${placeholder}>, which has no meaning for ${type}`;
}

/** The format of counters of the settings: `{label}: {count}`. The label is any text. */
export function labelFormat(label: string): CounterFormat {
  return [
    { kind: 'text', text: label },
    { kind: 'text', text: ': ' },
    { kind: 'number', number: 'value', style: 'plain' },
  ];
}

/** The numbers that the name shows. */
export function numbersIn(format: CounterFormat): string[] {
  return format.flatMap((part) => (part.kind === 'number' ? part.number : []));
}

export function showsRoleName(format: CounterFormat): boolean {
  return format.some(({ kind }) => kind === 'role name');
}
