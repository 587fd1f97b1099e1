import type { Answer } from '../harness/api-client.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { DocumentedApi, type DocumentedRoute } from './documented-api.js';
import { rightValue, wrongTexts, wrongValues } from './field-values.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { isNeeded, rightBody, rightSearch } from './right-requests.js';

/** A request with one deliberate mistake. */
interface WrongRequest {
  what: string;
  search?: string;
  body?: string | Buffer<ArrayBuffer>;
  contentType?: string;
  /** @defaultValue 400 */
  status?: number;
  /** The only field that the error must name. */
  field: string;
}

describe('an invalid request', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let api: DocumentedApi;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
    api = await DocumentedApi.of(query.url);
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const send = (route: DocumentedRoute, request: Pick<WrongRequest, 'search' | 'body' | 'contentType'>) =>
    query.client.request(`${route.path.replace('{channel_id}', '1')}${request.search ? `?${request.search}` : ''}`, {
      method: route.method,
      body: request.body,
      headers: request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' },
    });

  /** Sends all requests. @returns a description of each answer that is not as documented */
  const misanswered = async (route: DocumentedRoute, requests: WrongRequest[]): Promise<string[]> => {
    const found: string[] = [];
    for (const request of requests) {
      const answer = await send(route, request);
      const problem = problemOf(answer, request);
      if (problem !== undefined) found.push(`${request.what}: ${problem}, ${JSON.stringify(answer.error)}`);
    }
    return found;
  };

  const routesWith = (part: 'query' | 'body') =>
    api.routes().filter((route) => (part === 'body' ? route.body !== undefined : route.query.length > 0));

  it('can be sent to at least 22 routes with a body and 18 with a query string', () => {
    expect(routesWith('body').length).toBeGreaterThanOrEqual(22);
    expect(routesWith('query').length).toBeGreaterThanOrEqual(18);
  });

  it('is invalid only because of its fields: with valid ones, no route answers 400', async () => {
    for (const route of api.routes()) {
      if (route.body === undefined && route.query.length === 0) continue;
      const request =
        route.body === undefined ? { search: rightSearch(route) } : { body: rightBody(route), search: undefined };
      expect([route.path, (await send(route, request)).status]).not.toEqual([route.path, 400]);
    }
  });

  it('gets an error that names the one invalid field of its body', async () => {
    for (const route of routesWith('body')) {
      const requests = route.body!.flatMap((field): WrongRequest[] => {
        const wrong = wrongValues(field).map((value) => ({
          what: `${field.name}: ${value}`,
          body: rightBody(route, { [field.name]: value }),
          field: field.name,
        }));
        const missing = {
          what: `no ${field.name}`,
          body: rightBody(route, { [field.name]: undefined }),
          field: field.name,
        };
        return isNeeded(route, field.name) ? [...wrong, missing] : wrong;
      });
      expect({ [route.path]: await misanswered(route, requests) }).toEqual({ [route.path]: [] });
    }
  });

  it('gets an error that names the one invalid field of its query string', async () => {
    for (const route of routesWith('query')) {
      const requests = route.query.flatMap((field): WrongRequest[] => {
        const others = rightSearch(route, field.name);
        const wrong = [...wrongTexts(field), '%zz', '%ff'].map((value) => ({
          what: `${field.name}=${value.slice(0, 50)}`,
          search: `${others}&${field.name}=${value}`,
          field: field.name,
        }));
        const right = encodeURIComponent(String(JSON.parse(rightValue(field))));
        const twice = {
          what: `${field.name} twice`,
          search: `${others}&${field.name}=${right}&${field.name}=${right}`,
          field: field.name,
        };
        const missing = { what: `no ${field.name}`, search: others, field: field.name };
        return isNeeded(route, field.name) ? [...wrong, twice, missing] : [...wrong, twice];
      });
      expect({ [route.path]: await misanswered(route, requests) }).toEqual({ [route.path]: [] });
    }
  });

  it('gets an error that names the body if it is not a JSON object', async () => {
    const texts = [
      '{',
      '[1',
      '"a"',
      'null',
      '1',
      '1.0',
      '[]',
      '[{}]',
      'nul',
      '{"a":1,}',
      "{'a':1}",
      '{"guild_id":01}',
      '\u0000',
    ];
    const refused = ['{"guild_id":1,"guild_id":1}', '{"__proto__":{}}', '{"constructor":{"prototype":{}}}'];
    const deep = '['.repeat(50_000);
    const bodies: WrongRequest['body'][] = [
      ...texts,
      ...refused,
      deep,
      `{"a":${deep}`,
      Buffer.from([0x7b, 0xff, 0x7d]),
    ];
    for (const route of routesWith('body')) {
      const requests = bodies.map((body) => ({ what: String(body).slice(0, 40), body, field: 'body' }));
      expect({ [route.path]: await misanswered(route, requests) }).toEqual({ [route.path]: [] });
    }
  });

  it('gets 413 if its body is too large, and 415 if it has another media type', async () => {
    for (const route of routesWith('body')) {
      const body = rightBody(route);
      const large = rightBody(route, { more: `"${'a'.repeat(200 * 1024)}"` });
      const types = [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/xml',
        'nonsense',
        'application/jsonx',
      ];
      const requests: WrongRequest[] = [
        { what: '200 KiB', body: large, status: 413, field: 'body' },
        { what: '200 KiB of text', body: large, contentType: 'text/plain', status: 413, field: 'body' },
        ...types.map((contentType) => ({ what: contentType, body, contentType, status: 415, field: 'content-type' })),
      ];
      expect({ [route.path]: await misanswered(route, requests) }).toEqual({ [route.path]: [] });
    }
  });

  it('gets an error that names at most 100 fields, those of the route first', async () => {
    const unknown = Array.from({ length: 3_000 }, (_, index) => [`made_up_${index}`, 1]);
    const body = { ...Object.fromEntries(unknown), guild_id: 'x', starboard_count: 'x' };
    const { status, error } = await query.client.send('PATCH', 'settings', body);
    expect([status, error.fields!.length]).toEqual([400, 100]);
    expect(error.fields!.slice(0, 3).map(({ field }) => field)).toEqual(['guild_id', 'starboard_count', 'made_up_0']);
    expect(error.message).toContain('(and 2902 more)');
  });

  it('gets unknown field names back shortened, as well-formed text', async () => {
    const long = `${'a'.repeat(99)}\u{1f600}${'b'.repeat(50_000)}`;
    const body = `{"guild_id":"1","${long}":1,"\\udfff":1}`;
    const { error } = await query.client.send('PATCH', 'settings', body);
    expect(error.fields!.map(({ field }) => field)).toEqual([`${'a'.repeat(99)}\ufffd`, '\ufffd']);
  });

  it.each(['guild_id[]=1', 'guild_id[0]=1', 'guild_id[a]=1', 'guild_id.a=1', 'guild_id=1,2', 'guild_id=1&guild_id=1'])(
    'gets an error that names the field that its query string turns into a list: %s',
    async (search) => {
      const answer = await query.client.request(`/modules/serverstats/status?${search}`);
      expect(answer).toMatchObject({ status: 400, error: { fields: [{ field: 'guild_id' }] } });
    },
  );

  it('gets an error if its query string has more than 100 fields', async () => {
    const search = (count: number) => `guild_id=1${'&a=1'.repeat(count)}`;
    const many = await query.client.request(`/modules/serverstats/status?${search(100)}`);
    expect(many).toMatchObject({ status: 400, error: { fields: [{ field: 'query string' }] } });
    const other = await query.client.request(`/modules/serverstats/status?${'&'.repeat(1_000)}guild_id=1`);
    expect(other.status).toBe(200);
  });

  it('causes no unexpected failure', () => {
    expect(query.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

function problemOf(answer: Answer, { field, status = 400 }: WrongRequest): string | undefined {
  if (answer.status !== status) return `status ${answer.status}`;
  const { name, code, message, fields } = answer.error;
  if (answer.success || name !== 'BadRequestError' || code !== 400 || typeof message !== 'string')
    return 'no BadRequestError';
  if (JSON.stringify(answer.data) !== '{}') return 'data';
  if (!answer.headers.get('x-request-id')) return 'no request id';
  const named = fields?.map((wrong) => wrong.field).join();
  return named === field && fields!.every((wrong) => wrong.message !== '') ? undefined : `named ${named}`;
}
