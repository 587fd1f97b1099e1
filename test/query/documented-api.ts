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
  'x-access': 'open' | 'guild' | 'service';
  parameters: Parameter[];
  requestBody?: { required: boolean; content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { content: Record<string, { schema: Schema }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
}

export interface DocumentedField {
  name: string;
  required: boolean;
  schema: Schema;
}

/** One route as `/openapi.json` tells of it. */
export interface DocumentedRoute {
  method: string;
  /** The template; most routes have no parameters in their path. */
  path: string;
  query: DocumentedField[];
  /** Undefined for a route that takes no body. */
  body?: DocumentedField[];
}

/** What the API documents promise, to compare answers with. */
export class DocumentedApi {
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false });
  private readonly validators = new Map<string, ValidateFunction>();

  private constructor(private readonly document: Document) {
    this.ajv.addSchema({ ...document, $id: 'api' });
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
          query: operation.parameters.filter((parameter) => parameter.in === 'query'),
          body: bodyFields(operation),
        })),
    );
  }

  /** What is wrong with the answer of a route, by its documented schema for that status; undefined when nothing is. */
  mistakesOf(method: string, path: string, answer: Answer): string | undefined {
    const { status, success, data, error, page } = answer;
    return this.mistakesOfBody(method, path, status, { success, data, error, ...(page && { page }) });
  }

  /** The same of a JSON body, be it an envelope or not. */
  mistakesOfBody(method: string, path: string, status: number, body: unknown): string | undefined {
    const validate = this.validator(method.toLowerCase(), path, status);
    if (validate === undefined) return `${method} ${path} does not document the status ${status}`;
    return validate(body) ? undefined : `${method} ${path}: ${this.ajv.errorsText(validate.errors)}`;
  }

  /** What the document says of an operation; undefined when there is no such. */
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
}

function bodyFields({ requestBody }: Operation): DocumentedField[] | undefined {
  if (requestBody === undefined) return undefined;
  const { properties, required } = requestBody.content['application/json'].schema as {
    properties: Record<string, Schema>;
    required: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({ name, required: required.includes(name), schema }));
}
