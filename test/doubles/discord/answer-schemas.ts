import * as spec from 'discord-api-spec/zod';
import * as z from 'zod/mini';

const SPEC = new Map(Object.entries(spec));

/** Where an answer is not as Discord describes its own, such as `MessageResponse`; empty when it is. */
export function answerComplaints(name: string, answer: unknown): string[] {
  const schema = SPEC.get(`${name}Schema`);
  if (!schema) throw new Error(`Discord has no schema ${name}`);
  const result = z.safeParse(schema, answer);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
