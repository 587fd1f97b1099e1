import { hasRole, hasStatistic, type CounterDefinition, type FieldError } from '#libs/contracts';
import { parseFormat } from './formats/counter-format.js';
import { formatRules, type CounterContent } from './formats/formats-of-counters.js';

/** What is wrong with the fields of a counter, by the names of the API. */
export function counterMistakes(counter: CounterContent, definition: CounterDefinition): FieldError[] {
  const { type, format, goal, roleId, statisticKind } = counter;
  const mistakes: FieldError[] = [];
  const add = (field: string, message: string) => void mistakes.push({ field, message });
  const checkNeed = (field: string, isNeeded: boolean, isGiven: boolean) => {
    if (isNeeded && !isGiven) add(field, `is required for counters of the type ${type}`);
    if (!isNeeded && isGiven) add(field, `has no meaning for counters of the type ${type}`);
  };
  checkNeed('role_id', hasRole(definition), roleId !== null);
  checkNeed('statistic', hasStatistic(definition), statisticKind !== null);
  if (goal !== null && Object.keys(definition.counts).length > 1) checkNeed('goal', false, true);
  const parsed = format === null ? undefined : parseFormat(format, formatRules(counter, definition));
  if (parsed !== undefined && 'mistake' in parsed) add('format', parsed.mistake);
  return mistakes;
}
