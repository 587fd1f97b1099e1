import { Expose, Transform } from 'class-transformer';
import { ValidateBy, type ValidationArguments } from 'class-validator';
import type { ValueType } from './value-types.js';

/** What stands for a variable that is needed and that nobody sets. */
export const NOT_SET = Symbol('not set');

/** Stands for a value that is wrong until the mistakes are told. */
export class WrongValue {
  constructor(
    /** The value as it may be shown, or undefined when the variable is not set. */
    readonly shownValue: string | undefined,
    /** Ends the sentence "expected …". */
    readonly expected: string,
  ) {}
}

/** A property that a variable of the same name gives. */
export function Variable(type: ValueType<unknown>): PropertyDecorator {
  return (target, name) => {
    Expose()(target, name as string);
    Transform(({ obj }) => readValue(type, (obj as Record<string, string | typeof NOT_SET>)[name as string]!))(
      target,
      name as string,
    );
    isNotWrong(target, name);
  };
}

/** Its value is at least the other one, or so many times that. */
export function AtLeast(other: string, times: 1 | 2 = 1): PropertyDecorator {
  const limit = ({ object }: ValidationArguments) => (object as Record<string, unknown>)[other];
  return ValidateBy({
    name: 'atLeast',
    validator: {
      // A variable that is wrong by itself contradicts nothing.
      validate: (value, args) => {
        const least = limit(args!);
        return typeof value !== 'number' || typeof least !== 'number' || value >= times * least;
      },
      defaultMessage: (args) => `at least ${times === 2 ? 'twice ' : ''}${other}, which is ${String(limit(args!))}`,
    },
  });
}

function readValue(type: ValueType<unknown>, given: string | typeof NOT_SET): unknown {
  if (given === NOT_SET) return new WrongValue(undefined, type.expected);
  const value = type.parse(given);
  if (value !== undefined) return value;
  const shownValue = type.show === null ? 'wrong (its value is secret)' : type.show(given);
  return new WrongValue(shownValue, type.explain?.(given) ?? type.expected);
}

const isNotWrong = ValidateBy({
  name: 'variable',
  validator: {
    validate: (value) => !(value instanceof WrongValue),
    defaultMessage: (args) => (args!.value as WrongValue).expected,
  },
});
