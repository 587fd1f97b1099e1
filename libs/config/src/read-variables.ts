import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { ConfigurationError, type ConfigurationMistake } from './configuration-error.js';
import { EnvironmentDto } from './environment.dto.js';
import type { Environment } from './environment.js';
import { NOT_SET, WrongValue } from './variable.decorator.js';

export type VariableName = keyof EnvironmentDto;

/** The values of all variables, of which those named here are certainly there. */
export type ValuesWith<Needed extends VariableName> = EnvironmentDto & Required<Pick<EnvironmentDto, Needed>>;

/**
 * Reads every variable, whichever service asks: services share an environment, and a mistake is best known at once.
 *
 * @throws ConfigurationError with every mistake
 */
export function readVariables<const Needed extends VariableName>(
  env: Environment,
  needed: readonly Needed[],
): ValuesWith<Needed> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const missing = Object.fromEntries(needed.map((name) => [name, NOT_SET]));
  const values = plainToInstance(
    EnvironmentDto,
    { ...missing, ...given },
    { excludeExtraneousValues: true, exposeDefaultValues: true },
  );
  const mistakes = validateSync(values).map(mistakeOf);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return values as ValuesWith<Needed>;
}

function mistakeOf({ property, value, constraints = {} }: ValidationError): ConfigurationMistake {
  return {
    variable: property,
    shownValue: value instanceof WrongValue ? value.shownValue : JSON.stringify(String(value)),
    expected: Object.values(constraints)[0]!,
  };
}
