import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Answer } from '../harness/api-client.js';

type Schema = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: Schema;
}

export interface Operation {
  'x-access': string;
  parameters: Parameter[];
  requestBody?: { required: boolean; content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { content: Record<string, { schema: Schema }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

export interface DocumentedField {
  name: string;
  required: boolean;
  schema: Schema;
}

/** One route as `/openapi.json` describes it. */
export interface DocumentedRoute {
  method: string;
  /** The path template, such as `/auth/api-keys/{id}`. */
  path: string;
  query: DocumentedField[];
  /** Undefined for a route that takes no body. */
  body?: DocumentedField[];
}

/** The OpenAPI document of a running service. Tests compare answers with it. */
export class DocumentedApi {
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false });
  private readonly validators = new Map<string, ValidateFunction>();

  private readonly document: Document;

  private constructor(document: Document) {
    this.document = withoutResponseReferences(document);
    this.ajv.addSchema({ ...this.document, $id: 'api' });
  }

  static async of(baseUrl: string): Promise<DocumentedApi> {
    const response = await fetch(`${baseUrl}/openapi.json`);
    return new DocumentedApi((await response.json()) as Document);
  }

  routes(): DocumentedRoute[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => method !== 'servers')
        .map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          query: operation.parameters
            .filter((parameter) => parameter.in === 'query')
            .map((parameter) => ({ ...parameter, schema: this.inlined(parameter.schema) })),
          body: this.bodyFields(operation),
        })),
    );
  }

  /** Validates an answer by the documented schema of its route and status. @returns the mistakes; undefined if none */
  mistakesOf(method: string, path: string, answer: Answer): string | undefined {
    const { status, success, data, error, page } = answer;
    return this.mistakesOfBody(method, path, status, { success, data, error, ...(page && { page }) });
  }

  /** Like {@link mistakesOf}, for a JSON body with or without an envelope. */
  mistakesOfBody(method: string, path: string, status: number, body: unknown): string | undefined {
    const validate = this.validator(method.toLowerCase(), path, status);
    if (validate === undefined) return `${method} ${path} does not document the status ${status}`;
    return validate(body) ? undefined : `${method} ${path}: ${this.ajv.errorsText(validate.errors)}`;
  }

  /** The documented operation; undefined if the document has none. */
  operation(method: string, path: string): Operation | undefined {
    return this.document.paths[path]?.[method.toLowerCase()];
  }

  private validator(method: string, path: string, status: number): ValidateFunction | undefined {
    if (this.document.paths[path]?.[method]?.responses[status] === undefined) return undefined;
    const keys = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
    const pointer = keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    let validate = this.validators.get(pointer);
    if (validate === undefined) {
      validate = this.ajv.compile({ $ref: `api#/${pointer}` });
      this.validators.set(pointer, validate);
    }
    return validate;
  }

  private bodyFields({ requestBody }: Operation): DocumentedField[] | undefined {
    if (requestBody === undefined) return undefined;
    const { properties, required } = this.inlined(requestBody.content['application/json'].schema) as {
      properties: Record<string, Schema>;
      required: string[];
    };
    return Object.entries(properties).map(([name, schema]) => ({ name, required: required.includes(name), schema }));
  }

  /** The schema with its references replaced by the schemas they refer to. */
  private inlined(schema: Schema): Schema {
    return inline(schema, this.document) as Schema;
  }
}

function inline(node: unknown, document: Document): unknown {
  if (Array.isArray(node)) return node.map((element) => inline(element, document));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, ...own } = node as Record<string, unknown>;
  const referred = $ref === undefined ? {} : (inline(find(document, $ref as string), document) as object);
  return {
    ...referred,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, inline(value, document)])),
  };
}

/** Replaces references to responses. References between schemas stay, because the validator resolves them. */
function withoutResponseReferences(document: Document): Document {
  const found = <T extends object>(node: T): T => ('$ref' in node ? (find(document, node.$ref as string) as T) : node);
  const withResponses = (operation: Operation): Operation => ({
    ...operation,
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => [status, found(response)]),
    ),
  });
  const paths = Object.entries(document.paths).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, operation]) => [
        method,
        method === 'servers' ? operation : withResponses(operation),
      ]),
    ),
  ]);
  return { ...document, paths: Object.fromEntries(paths) as Document['paths'] };
}

function find({ components }: Document, reference: string): unknown {
  const [, kind, name] = /^#\/components\/(\w+)\/(\w+)$/.exec(reference) ?? [];
  const component = components[kind!]?.[name!];
  if (component === undefined) throw new Error(`the document has no ${reference}`);
  return component;
}
