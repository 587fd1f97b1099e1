import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIObject } from '@nestjs/swagger';

type Node = Readonly<Record<string, unknown>>;
type Components = Record<string, Record<string, unknown>>;

/** Names a response, so that the document describes it once. The title of a schema does the same. */
export const COMPONENT_NAME = 'x-component';

/**
 * Moves schemas and responses that have a name to the components, and refers to them from where they were. Clients that
 * are made from the document then have one type for each.
 *
 * @throws Error for two different things of one name
 */
export function nameComponents({ paths, components, ...rest }: OpenAPIObject): OpenAPIObject {
  const named: Components = { schemas: {}, responses: {} };
  const schemas = refer(components?.schemas ?? {}, named) as Node;
  for (const [name, schema] of Object.entries(schemas)) add(named, 'schemas', name, schema);
  const documented = refer(paths, named) as OpenAPIObject['paths'];
  const sorted = Object.entries(named).map(([kind, ofKind]) => [kind, sortByName(ofKind)]);
  return { ...rest, paths: documented, components: { ...components, ...Object.fromEntries(sorted) } };
}

function refer(node: unknown, named: Components): unknown {
  if (Array.isArray(node)) return node.map((element) => refer(element, named));
  if (typeof node !== 'object' || node === null) return node;
  const { [COMPONENT_NAME]: responseName, ...own } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, refer(value, named)]),
  );
  if (typeof responseName === 'string') return add(named, 'responses', responseName, own);
  const { title, ...schema } = own;
  if (typeof title === 'string') return add(named, 'schemas', title, schema);
  const { allOf, ...described } = own;
  // In OpenAPI 3.0 a reference had no description beside it, so Swagger wraps the reference.
  return Array.isArray(allOf) && allOf.length === 1 ? { ...(allOf[0] as Node), ...described } : own;
}

function add(named: Components, kind: 'schemas' | 'responses', name: string, content: unknown): Node {
  const ofKind = named[kind]!;
  if (ofKind[name] !== undefined && !isDeepStrictEqual(ofKind[name], content)) {
    throw new Error(`two different ${kind} of the API document are called ${name}`);
  }
  ofKind[name] = content;
  return { $ref: `#/components/${kind}/${name}` };
}

function sortByName(components: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(components).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
