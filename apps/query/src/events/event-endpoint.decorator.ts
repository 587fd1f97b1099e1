import type { Type } from '@nestjs/common';
import { envelope } from '../http/envelope.dto.js';
import type { EndpointAnswer } from '../openapi/endpoint.decorator.js';
import { AcceptedEvent } from './dto/event-answers.dto.js';

/** The answers of a route that hands an event over. @param declined what it answers where the guild may not want it */
export function eventAnswers(declined?: Type): Record<number, EndpointAnswer> {
  const accepted = { description: 'Handed over; it is stored within a second', content: envelope(AcceptedEvent) };
  if (declined === undefined) return { 202: accepted };
  return { 200: { description: 'Not wanted in this guild', content: envelope(declined) }, 202: accepted };
}
