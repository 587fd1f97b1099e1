import * as spec from 'discord-api-spec/zod';
import * as z from 'zod/mini';

const SPEC = new Map(Object.entries(spec));

/** Lists where a response does not match a schema of Discord, such as `MessageResponse`. Empty if it matches. */
export function answerComplaints(name: string, answer: unknown): string[] {
  const schema = SPEC.get(`${name}Schema`);
  if (!schema) throw new Error(`Discord has no schema ${name}`);
  const result = z.safeParse(schema, answer);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
