import type { Type } from '@nestjs/common';
import { envelope } from '../http/envelope.dto.js';
import { Endpoint, type EndpointAnswer, type EndpointOptions } from '../openapi/endpoint.decorator.js';
import { AcceptedEvent } from './dto/event-answers.dto.js';

export interface EventEndpointOptions extends Pick<EndpointOptions, 'operationId' | 'summary' | 'description'> {
  /** JSON Schema of the event. */
  body: NonNullable<EndpointOptions['body']>;
  /** What it answers where the guild may not want the event. */
  declined?: Type;
}

/** {@link Endpoint} of a route that hands an event over. */
export function EventEndpoint({ declined, ...described }: EventEndpointOptions): MethodDecorator {
  const answers: Record<number, EndpointAnswer> = {
    202: { description: 'Handed over; it is stored within a second', content: envelope(AcceptedEvent) },
  };
  if (declined !== undefined) answers[200] = { description: 'Not wanted in this guild', content: envelope(declined) };
  return Endpoint({
    ...described,
    answers,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  });
}
