import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIObject } from '@nestjs/swagger';

type Node = Readonly<Record<string, unknown>>;
type Components = Record<string, Record<string, unknown>>;

/** The extension that gives a response a component name. For schemas, the title does this. */
export const COMPONENT_NAME = 'x-component';

/**
 * Moves named schemas and responses to the components and replaces them with references. Generated clients then have
 * one type for each.
 *
 * @throws Error if two different components have the same name
 */
export function nameComponents({ paths, components, ...rest }: OpenAPIObject): OpenAPIObject {
  const named: Components = { schemas: {}, responses: {} };
  const schemas = replaceWithRefs(components?.schemas ?? {}, named) as Node;
  for (const [name, schema] of Object.entries(schemas)) add(named, 'schemas', name, schema);
  const documented = replaceWithRefs(paths, named) as OpenAPIObject['paths'];
  const sorted = Object.entries(named).map(([kind, ofKind]) => [kind, sortByName(ofKind)]);
  return { ...rest, paths: documented, components: { ...components, ...Object.fromEntries(sorted) } };
}

function replaceWithRefs(node: unknown, named: Components): unknown {
  if (Array.isArray(node)) return node.map((element) => replaceWithRefs(element, named));
  if (typeof node !== 'object' || node === null) return node;
  const { [COMPONENT_NAME]: responseName, ...own } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, replaceWithRefs(value, named)]),
  );
  if (typeof responseName === 'string') return add(named, 'responses', responseName, own);
  const { title, ...schema } = own;
  if (typeof title === 'string') return add(named, 'schemas', title, schema);
  const { allOf, ...described } = own;
  // Swagger wraps a reference with a description in allOf, as OpenAPI 3.0 required. OpenAPI 3.1 does not.
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
