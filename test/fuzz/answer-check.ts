import type { Answer } from '../harness/api-client.js';
import type { DocumentedApi } from '../query/documented-api.js';
import type { FuzzRequest } from './requests.js';
import type { RawAnswer } from './send-request.js';

/** Every `error.name` and its `error.code`. */
const ERROR_CODES: Readonly<Record<string, number>> = {
  BadRequestError: 400,
  UnauthorizedError: 401,
  ForbiddenError: 403,
  NotFoundError: 404,
  TooManyRequestsError: 429,
  InternalServerError: 500,
  ServiceUnavailableError: 503,
  ModuleDisabledError: 800,
  ModuleEnabledError: 801,
  SettingsError: 802,
  DatabaseError: 803,
  DiscordApiInteractionError: 804,
};

/** Internal details that responses must not contain: SQL, stack traces, file names. */
const INTERNAL =
  /node_modules|\bdist\/|\.[jt]s:\d|\bat \S+ \(|\b(?:SELECT|INSERT INTO|UPDATE|DELETE) .*\b(?:FROM|SET|VALUES)\b|relation "|syntax error|duplicate key|violates|ECONN|QueryFailed/;
const SANE_TOKEN = /^[A-Za-z0-9._-]{1,128}$/;

/** Describes what is wrong with a response. Undefined if it is right. */
export function mistakeIn(answer: RawAnswer, request: FuzzRequest, api: DocumentedApi): string | undefined {
  const { status, headers } = answer;
  if (status >= 500 && !isDiscordMissing(answer)) return `status ${status}: ${shown(answer)}`;
  const id = headers['x-request-id'];
  if (typeof id !== 'string' || !SANE_TOKEN.test(id)) return `status ${status} without a request id`;
  const given = request.headers['x-request-id'];
  const isKept = given === undefined || !SANE_TOKEN.test(given) || given === id;
  if (!isKept && !request.isUnruly) return 'a request id other than the given one';
  if (request.method === 'HEAD') return mistakeInHead(answer, request, api);
  if (isJson(answer) && !isPlain(request)) {
    const mistake = mistakeInEnvelope(answer);
    if (mistake !== undefined) return `${mistake}: ${shown(answer)}`;
  }
  return request.isUnruly ? undefined : mistakeByRoute(answer, request, api);
}

function mistakeByRoute(answer: RawAnswer, request: FuzzRequest, api: DocumentedApi): string | undefined {
  const { status } = answer;
  const route = request.route && api.operation(request.route.method, request.route.path);
  if (route === undefined) {
    const name = isJson(answer) ? envelopeOf(answer).error.name : undefined;
    const isRight = (status === 404 && name === 'NotFoundError') || (status === 400 && name === 'BadRequestError');
    return isRight ? undefined : `no route, but status ${status}: ${shown(answer)}`;
  }
  const { method, path } = request.route!;
  const needsCredential = route.responses['401'] !== undefined;
  if (needsCredential && !request.credential.isGood && status !== 401)
    return `status ${status} with ${request.credential.what}`;
  if (status < 300 && !hasRight(request, route['x-access'])) return `status ${status} with ${request.credential.what}`;
  const documented = Object.keys(route.responses[String(status)]?.content ?? {});
  if (documented.length === 0) return `${method} ${path} does not document the status ${status}: ${shown(answer)}`;
  const mediaType = answer.headers['content-type']?.split(';')[0] ?? '';
  if (!documented.includes(mediaType)) return `${method} ${path} does not document the media type ${mediaType}`;
  if (mediaType === 'application/x-ndjson') return mistakeInLines(answer);
  if (mediaType !== 'application/json') return undefined;
  const mistake = api.mistakesOfBody(method, path, status, JSON.parse(answer.body.toString()));
  return mistake === undefined ? undefined : `${mistake}: ${shown(answer)}`;
}

/** Whether the credential permits the request, as far as this does not depend on its fields. */
function hasRight({ method, credential }: FuzzRequest, access: string): boolean {
  if (access === 'open' || access === 'any' || credential.apiKey === undefined) return true;
  if (access !== 'guild' || credential.apiKey === 'foreign') return false;
  return credential.apiKey !== 'read' || method === 'GET';
}

function mistakeInHead({ status, body }: RawAnswer, { route }: FuzzRequest, api: DocumentedApi): string | undefined {
  if (body.length > 0) return 'HEAD with a body';
  const operation = route && api.operation('GET', route.path);
  const isRight =
    operation === undefined ? status === 404 || status === 400 : operation.responses[String(status)] !== undefined;
  return isRight ? undefined : `HEAD with status ${status}`;
}

function mistakeInEnvelope(answer: RawAnswer): string | undefined {
  const envelope = envelopeOf(answer);
  const { success, data, error, page, ...more } = envelope;
  if (Object.keys(more).length > 0) return 'an envelope with unknown fields';
  if (success) {
    const hasPageOnly = page === undefined || Object.keys(page).join() === 'next_cursor';
    return answer.status < 300 && data !== undefined && JSON.stringify(error) === '{}' && hasPageOnly
      ? undefined
      : 'a wrong success';
  }
  const { code, name, message, ...details } = error;
  if (answer.status < 400 || JSON.stringify(data) !== '{}' || page !== undefined) return 'a wrong failure';
  if (name === undefined || !Object.hasOwn(ERROR_CODES, name) || ERROR_CODES[name] !== code) return 'an unknown error';
  if (typeof message !== 'string' || message === '') return 'no message';
  if (Object.keys(details).some((key) => key !== 'fields' && key !== 'event')) return 'an error with unknown fields';
  if (name === 'BadRequestError' && (error.fields ?? []).length === 0) return 'no fields';
  const texts = [message, ...(error.fields ?? []).map((field) => field.message)];
  return texts.some((text) => INTERNAL.test(text)) ? 'a message with internal details' : undefined;
}

function mistakeInLines({ body }: RawAnswer): string | undefined {
  try {
    for (const line of body.toString().split('\n')) if (line !== '') JSON.parse(line);
    return undefined;
  } catch (error) {
    return `a line that is not JSON: ${(error as Error).message}`;
  }
}

/** Custom panels need Discord, and these services have no token. */
function isDiscordMissing(answer: RawAnswer): boolean {
  return answer.status === 502 && isJson(answer) && envelopeOf(answer).error.name === 'DiscordApiInteractionError';
}

/** Probes have no envelope. */
function isPlain({ route }: FuzzRequest): boolean {
  return route?.path === '/livez' || route?.path === '/readyz';
}

function isJson({ headers }: RawAnswer): boolean {
  return headers['content-type']?.startsWith('application/json') === true;
}

function envelopeOf({ body }: RawAnswer): Answer {
  const value = JSON.parse(body.toString()) as Answer;
  return { ...value, error: value.error ?? {} };
}

function shown({ body }: RawAnswer): string {
  return body.toString().slice(0, 500);
}
