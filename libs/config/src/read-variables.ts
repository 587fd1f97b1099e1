import { ConfigurationError, type ConfigurationMistake } from './configuration-error.js';
import type { Environment } from './environment.js';
import type { ValueType } from './value-types.js';
import { VARIABLES, type VariableName, type VariableValues } from './variables.js';

/** The values of all variables, of which those named here are certainly there. */
export type ValuesWith<Required extends VariableName> = VariableValues & {
  [N in Required]: NonNullable<VariableValues[N]>;
};

/**
 * Reads every variable of the table, whichever service asks: services share an environment, and a mistake is best
 * known at once.
 *
 * @throws ConfigurationError with every mistake
 */
export function readVariables<const Required extends VariableName>(
  env: Environment,
  required: readonly Required[],
): ValuesWith<Required> {
  const mistakes: ConfigurationMistake[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const { type, default: fallback } = VARIABLES[name] as { type: ValueType<unknown>; default: unknown };
    const given = env[name];
    if (given === undefined || given === '') {
      values[name] = fallback;
      if ((required as readonly string[]).includes(name)) mistakes.push({ variable: name, expected: type.expected });
      continue;
    }
    const value = type.parse(given);
    if (value === undefined) {
      const shownValue = type.show === null ? 'wrong (its value is secret)' : type.show(given);
      mistakes.push({ variable: name, shownValue, expected: type.explain?.(given) ?? type.expected });
    } else {
      values[name] = value;
    }
  }
  mistakes.push(...contradictions(values as Partial<VariableValues>));
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return values as ValuesWith<Required>;
}

/** Values that are right by themselves but not together. A variable that is wrong by itself contradicts nothing. */
function contradictions(values: Partial<VariableValues>): ConfigurationMistake[] {
  const found: ConfigurationMistake[] = [];
  const {
    RETENTION_DAYS: eventDays,
    SUMMARY_RETENTION_DAYS: summaryDays,
    INGESTION_PREFETCH: prefetch,
    INGESTION_BATCH_SIZE: batchSize,
  } = values;
  if (eventDays !== undefined && summaryDays !== undefined && summaryDays < eventDays) {
    found.push({
      variable: 'SUMMARY_RETENTION_DAYS',
      shownValue: `"${summaryDays}"`,
      expected: `at least RETENTION_DAYS, which is ${eventDays}`,
    });
  }
  if (prefetch !== undefined && batchSize !== undefined && prefetch < 2 * batchSize) {
    found.push({
      variable: 'INGESTION_PREFETCH',
      shownValue: `"${prefetch}"`,
      expected: `at least twice INGESTION_BATCH_SIZE, which is ${batchSize}`,
    });
  }
  return found;
}
