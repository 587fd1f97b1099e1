import { validateSync } from 'class-validator';
import type { FieldError } from '#libs/contracts';
import { BadRequestError } from '../http/api-error.js';
import { fieldsOf, refusesField, type FormClass } from './form-field.js';

/** How much of a name that the caller made up is answered. */
const LONGEST_SHOWN_NAME = 100;

/**
 * Reads the fields of a form from a request. Fields that were left out are left out of the result too.
 *
 * Nothing but the form's own fields is looked at, and nothing is instantiated from what came: a value may be anything
 * that JSON can say.
 *
 * @throws BadRequestError naming every wrong field
 */
export function readForm<T extends object>(form: FormClass<T>, source: Readonly<Record<string, unknown>>): T {
  const filled = new form() as Record<string, unknown>;
  const fields = fieldsOf(form);
  for (const { name } of fields) {
    if (Object.hasOwn(source, name) && source[name] !== undefined) filled[name] = source[name];
  }
  const mistakes: FieldError[] = validateSync(filled).map(({ property, constraints }) => ({
    field: property,
    message: Object.values(constraints ?? {})[0] ?? 'is wrong',
  }));
  for (const name of Object.keys(source)) {
    if (refusesField(form, name)) {
      mistakes.push({ field: name.slice(0, LONGEST_SHOWN_NAME), message: 'is not a field of this request' });
    }
  }
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
  for (const { name, format } of fields) {
    const value = filled[name];
    if (value !== undefined && value !== null) filled[name] = format.parse(value);
  }
  return filled as T;
}
