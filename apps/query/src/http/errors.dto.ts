import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { FieldError } from '#libs/contracts';
import { ConstantProperty, TimestampProperty, UuidProperty } from '../answers/answer-properties.js';
import { API_ERRORS, type ApiErrorName } from './api-error.js';

@ApiSchema({ name: 'WrongField' })
export class WrongField implements FieldError {
  @ApiProperty()
  field: string;

  @ApiProperty({ description: 'What is wrong with the field, as a message for people' })
  message: string;
}

@ApiSchema({
  name: 'EventToRepeat',
  description: 'To send the same event again, repeat the request with these two fields in the body',
})
export class EventToRepeat {
  @UuidProperty()
  event_id: string;

  @TimestampProperty()
  occurred_at: string;
}

/** The `error` of a response. {@link ERROR_ANSWERS} has a subclass with the documented properties for each error. */
export class ErrorAnswer {
  code: number;

  name: ApiErrorName;

  message: string;

  fields?: readonly WrongField[];

  event?: EventToRepeat;
}

/** The additional property of an error besides its code, name and message. */
const DETAILS: Partial<Record<ApiErrorName, [keyof ErrorAnswer, PropertyDecorator]>> = {
  BadRequestError: [
    'fields',
    ApiProperty({ type: () => [WrongField], description: 'Every invalid field of the request' }),
  ],
  ServiceUnavailableError: [
    'event',
    ApiProperty({
      type: () => EventToRepeat,
      required: false,
      description: 'Present if an event could not be handed over',
    }),
  ],
};

/** The classes of all errors, by name. */
export const ERROR_ANSWERS = Object.fromEntries(
  (Object.keys(API_ERRORS) as ApiErrorName[]).map((name) => [name, errorAnswer(name)]),
) as Readonly<Record<ApiErrorName, Type<ErrorAnswer>>>;

function errorAnswer(name: ApiErrorName): Type<ErrorAnswer> {
  class NamedErrorAnswer extends ErrorAnswer {}
  const { prototype } = NamedErrorAnswer;
  ConstantProperty(API_ERRORS[name].code)(prototype, 'code');
  ConstantProperty(name)(prototype, 'name');
  ApiProperty({ type: String, description: 'A message for people' })(prototype, 'message');
  const details = DETAILS[name];
  if (details !== undefined) details[1](prototype, details[0]);
  ApiSchema({ name })(NamedErrorAnswer);
  return NamedErrorAnswer;
}
