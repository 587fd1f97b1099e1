import { Expose, Transform } from 'class-transformer';
import { ValidateBy, type ValidationArguments } from 'class-validator';
import type { ValueType } from './value-types.js';

/** The value of a required variable that is not set. */
export const NOT_SET = Symbol('not set');

/** The name of the constraint of {@link Requires}. */
export const REQUIRES = 'requires';

/** Replaces an invalid value until class-validator reports it. */
export class InvalidValue {
  constructor(
    /** The value without secrets, or undefined if the variable is not set. */
    readonly shownValue: string | undefined,
    /** Completes the sentence "expected …". */
    readonly expected: string,
  ) {}
}

/** Declares a property whose value is that of the environment variable with the same name. */
export function Variable(type: ValueType<unknown>): PropertyDecorator {
  return (target, name) => {
    Expose()(target, name as string);
    Transform(({ obj }) => readValue(type, (obj as Record<string, string | typeof NOT_SET>)[name as string]!))(
      target,
      name as string,
    );
    isValid(target, name);
  };
}

/** Requires the value to be at least `times` the value of another variable. */
export function AtLeast(other: string, times: 1 | 2 = 1): PropertyDecorator {
  const limit = ({ object }: ValidationArguments) => (object as Record<string, unknown>)[other];
  return ValidateBy({
    name: 'atLeast',
    validator: {
      // An invalid variable is reported only once, by its own check.
      validate: (value, args) => {
        const least = limit(args!);
        return typeof value !== 'number' || typeof least !== 'number' || value >= times * least;
      },
      defaultMessage: (args) => `at least ${times === 2 ? 'twice ' : ''}${other}, which is ${String(limit(args!))}`,
    },
  });
}

/** Requires other variables to be set if this one is. */
export function Requires(...others: string[]): PropertyDecorator {
  const missing = ({ object }: ValidationArguments) =>
    others.filter((other) => (object as Record<string, unknown>)[other] === undefined);
  return ValidateBy({
    name: REQUIRES,
    validator: {
      validate: (value, args) => value === undefined || value instanceof InvalidValue || missing(args!).length === 0,
      defaultMessage: (args) => `${missing(args!).join(' and ')} to be set too`,
    },
  });
}

function readValue(type: ValueType<unknown>, given: string | typeof NOT_SET): unknown {
  if (given === NOT_SET) return new InvalidValue(undefined, type.expected);
  const value = type.parse(given);
  if (value !== undefined) return value;
  const shownValue = type.show === null ? 'invalid (the value is secret)' : type.show(given);
  return new InvalidValue(shownValue, type.explain?.(given) ?? type.expected);
}

const isValid = ValidateBy({
  name: 'variable',
  validator: {
    validate: (value) => !(value instanceof InvalidValue),
    defaultMessage: (args) => (args!.value as InvalidValue).expected,
  },
});
