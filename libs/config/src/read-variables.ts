import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { ConfigurationError, type ConfigurationMistake } from './configuration-error.js';
import { EnvironmentDto } from './environment.dto.js';
import type { Environment } from './environment.js';
import { InvalidValue, NOT_SET, REQUIRES } from './variable.decorator.js';

export type VariableName = keyof EnvironmentDto;

/** The values of all variables. Those in `Needed` are defined. */
export type ValuesWith<Needed extends VariableName> = EnvironmentDto & Required<Pick<EnvironmentDto, Needed>>;

/**
 * Reads and validates all variables, including those of other services: services usually share an environment.
 *
 * @param further mistakes that are reported with those of the variables
 * @throws ConfigurationError with all mistakes
 */
export function readVariables<const Needed extends VariableName>(
  env: Environment,
  needed: readonly Needed[],
  further: readonly ConfigurationMistake[] = [],
): ValuesWith<Needed> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const missing = Object.fromEntries(needed.map((name) => [name, NOT_SET]));
  const values = plainToInstance(
    EnvironmentDto,
    { ...missing, ...given },
    { excludeExtraneousValues: true, exposeDefaultValues: true },
  );
  const mistakes = [...validateSync(values).map(mistakeOf), ...further];
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return values as ValuesWith<Needed>;
}

function mistakeOf({ property, value, constraints = {} }: ValidationError): ConfigurationMistake {
  return {
    variable: property,
    shownValue: shownValueOf(value, constraints),
    expected: Object.values(constraints)[0]!,
  };
}

function shownValueOf(value: unknown, constraints: Readonly<Record<string, string>>): string | undefined {
  if (value instanceof InvalidValue) return value.shownValue;
  // The value is valid, and may be secret.
  return REQUIRES in constraints ? 'set' : JSON.stringify(String(value));
}
