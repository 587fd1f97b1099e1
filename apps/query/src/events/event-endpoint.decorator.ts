import type { Type } from '@nestjs/common';
import { envelope } from '../http/envelope.dto.js';
import { Endpoint, type EndpointAnswer, type EndpointOptions } from '../openapi/endpoint.decorator.js';
import { AcceptedEvent } from './dto/event-answers.dto.js';

export interface EventEndpointOptions extends Pick<EndpointOptions, 'operationId' | 'summary' | 'description'> {
  /** JSON Schema of the event. */
  body: NonNullable<EndpointOptions['body']>;
  /** The response if the guild has the event switched off; undefined if it cannot be switched off. */
  declined?: Type;
}

/** {@link Endpoint} for a route that hands an event over to the broker. */
export function EventEndpoint({ declined, ...described }: EventEndpointOptions): MethodDecorator {
  const answers: Record<number, EndpointAnswer> = {
    202: { description: 'Accepted. The event is stored within a second', content: envelope(AcceptedEvent) },
  };
  if (declined !== undefined)
    answers[200] = { description: 'Not stored, because it is switched off in this guild', content: envelope(declined) };
  return Endpoint({
    ...described,
    answers,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  });
}
