import { hasRole, type CounterDefinition } from '#libs/contracts';
import type { Counter } from '#libs/database';
import { labelFormat, parseFormat, type CounterFormat, type FormatRules } from './counter-format.js';

/** What a counter shows, wherever. */
export type CounterContent = Omit<Counter, 'guildId' | 'channelId'>;

/** The rules for formats of a counter. */
export function formatRules({ type, goal }: CounterContent, definition: CounterDefinition): FormatRules {
  const counts = Object.keys(definition.counts);
  return { type, counts, hasRole: hasRole(definition), hasGoal: goal !== null };
}

/** The format of a counter as people write it. */
export function formatText(counter: CounterContent, definition: CounterDefinition): string {
  if (counter.source !== 'counter') return `${labelOf(counter, definition)}: <value>`;
  return counter.format ?? defaultFormat(counter, definition);
}

export function formatOf(counter: CounterContent, definition: CounterDefinition): CounterFormat {
  if (counter.source !== 'counter') return labelFormat(labelOf(counter, definition));
  const rules = formatRules(counter, definition);
  const parsed = parseFormat(formatText(counter, definition), rules);
  // A stored format is checked, unless another version has other placeholders.
  return 'format' in parsed ? parsed.format : labelFormat(counter.type);
}

function labelOf({ channelName, type }: CounterContent, definition: CounterDefinition): string {
  return channelName ?? definition.label ?? type;
}

function defaultFormat({ type, goal, statisticKind }: CounterContent, { format, label }: CounterDefinition): string {
  const before = label ?? (statisticKind === null ? type : capitalized(statisticKind.replaceAll(/[._]/g, ' ')));
  return format ?? `${before}: <value>${goal === null ? '' : ' / <goal>'}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
