import { GOAL, REMAINING, type CounterFormat, type FormatPart } from './counter-format.js';
import { numberText } from './number-texts.js';

/** Discord's limit for the name of a channel, in characters (code points). */
const MAX_NAME_LENGTH = 100;
/** Stands for what is not known yet. */
const UNKNOWN = '…';

/** What the placeholders of a name stand for. */
export interface NameValues {
  /** The numbers of the type, by placeholder. A missing one is unknown. */
  counts: Readonly<Record<string, number>>;
  goal: number | null;
  /** Undefined if unknown. */
  roleName?: string;
}

interface NamePart {
  text: string;
  /** Whether it may be shortened. Numbers may not, because a part of a number is another number. */
  isText: boolean;
}

/** The name of a counter's channel. Texts are shortened if it would be too long, numbers are not. */
export function counterName(format: CounterFormat, values: NameValues): string {
  const parts = format.map((part) => namePart(part, values));
  let excess = lengthOf(parts.map(({ text }) => text).join('')) - MAX_NAME_LENGTH;
  while (excess > 0) {
    const longest = parts.filter(({ isText }) => isText).toSorted((a, b) => lengthOf(b.text) - lengthOf(a.text))[0];
    const length = longest === undefined ? 0 : lengthOf(longest.text);
    if (length === 0) break;
    const removed = Math.min(excess, length);
    longest!.text = firstCharacters(longest!.text, length - removed);
    excess -= removed;
  }
  return firstCharacters(parts.map(({ text }) => text).join(''), MAX_NAME_LENGTH);
}

function namePart(part: FormatPart, { counts, goal, roleName }: NameValues): NamePart {
  if (part.kind === 'text') return { text: part.text, isText: true };
  if (part.kind === 'role name') return { text: roleName ?? UNKNOWN, isText: true };
  const number = numberOf(part.number, counts, goal);
  return { text: number === undefined ? UNKNOWN : numberText(number, part.style), isText: false };
}

function numberOf(name: string, counts: NameValues['counts'], goal: number | null): number | undefined {
  if (name === GOAL) return goal ?? undefined;
  if (name !== REMAINING) return counts[name];
  return goal === null || counts.value === undefined ? undefined : Math.max(0, goal - counts.value);
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function firstCharacters(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}
