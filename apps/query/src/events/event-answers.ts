import type { JsonSchema } from '#libs/contracts';
import { objectOf, successSchema } from '../openapi/schemas.js';

const ACCEPTED_SCHEMA = successSchema(
  objectOf({ event_id: { type: 'string', format: 'uuid' }, accepted: { const: true } }),
);

/** The answers of a route that hands an event over, with the reasons for which it may not. */
export function eventAnswers(reasons: readonly string[]): Record<number, { description: string; schema: JsonSchema }> {
  const accepted = { description: 'Handed over; it is stored within a second', schema: ACCEPTED_SCHEMA };
  if (reasons.length === 0) return { 202: accepted };
  const declined = successSchema(objectOf({ accepted: { const: false }, reason: { enum: reasons } }));
  return { 200: { description: 'Not wanted in this guild', schema: declined }, 202: accepted };
}
