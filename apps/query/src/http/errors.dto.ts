import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { FieldError } from '#libs/contracts';
import { ConstantProperty, TimestampProperty, UuidProperty } from '../answers/answer-properties.js';
import { API_ERRORS, type ApiErrorName } from './api-error.js';

@ApiSchema({ name: 'WrongField' })
export class WrongField implements FieldError {
  @ApiProperty()
  field: string;

  @ApiProperty({ description: 'What is wrong with it; for people' })
  message: string;
}

@ApiSchema({
  name: 'EventToRepeat',
  description: 'Send the request again with these two in the body, and it is the same event',
})
export class EventToRepeat {
  @UuidProperty()
  event_id: string;

  @TimestampProperty()
  occurred_at: string;
}

/** `error` of an answer; its properties are described for each error by itself. */
export class ErrorAnswer {
  code: number;

  name: ApiErrorName;

  message: string;

  fields?: readonly WrongField[];

  event?: EventToRepeat;
}

/** The property that an error has beside its code, name and message. */
const DETAILS: Partial<Record<ApiErrorName, [keyof ErrorAnswer, PropertyDecorator]>> = {
  BadRequestError: [
    'fields',
    ApiProperty({ type: () => [WrongField], description: 'Every wrong field of the request' }),
  ],
  ServiceUnavailableError: [
    'event',
    ApiProperty({ type: () => EventToRepeat, required: false, description: 'When an event was not handed over' }),
  ],
};

/** One class an error, as `error` of an answer has it. */
export const ERROR_ANSWERS = Object.fromEntries(
  (Object.keys(API_ERRORS) as ApiErrorName[]).map((name) => [name, errorAnswer(name)]),
) as Readonly<Record<ApiErrorName, Type<ErrorAnswer>>>;

function errorAnswer(name: ApiErrorName): Type<ErrorAnswer> {
  class NamedErrorAnswer extends ErrorAnswer {}
  const { prototype } = NamedErrorAnswer;
  ConstantProperty(API_ERRORS[name].code)(prototype, 'code');
  ConstantProperty(name)(prototype, 'name');
  ApiProperty({ type: String, description: 'For people' })(prototype, 'message');
  const details = DETAILS[name];
  if (details !== undefined) details[1](prototype, details[0]);
  ApiSchema({ name })(NamedErrorAnswer);
  return NamedErrorAnswer;
}
