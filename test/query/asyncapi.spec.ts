import { readFile } from 'node:fs/promises';
import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { GUILD_EVENTS, StatisticsContract } from '#libs/contracts';
import { asyncApiDocument } from '../../apps/query/src/asyncapi/asyncapi-document.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { CONTRACT } from './event-documents.js';

/** The parser recommends the newest version, but most tools read AsyncAPI 3.0. */
const EXPECTED_NOTE = 'asyncapi-latest-version';

describe('the AsyncAPI document', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  it('is the same as the committed docs/asyncapi.json', async () => {
    const response = await fetch(`${query.url}/asyncapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual(JSON.parse(await readFile('docs/asyncapi.json', 'utf8')));
  });

  it.each([
    ['the catalogue', new StatisticsContract()],
    ['a catalogue with another kind', CONTRACT],
  ])('of %s is valid, and follows the recommendations of AsyncAPI', async (_, contract) => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument(contract)));
    expect(diagnostics.filter(({ code }) => code !== EXPECTED_NOTE)).toEqual([]);
    expect(diagnostics.every(({ severity }) => severity > DiagnosticSeverity.Warning)).toBe(true);
    const names = [...contract.kinds.map(({ name }) => name), ...Object.keys(GUILD_EVENTS)];
    const sent = document!.operations().filterBySend();
    expect(sent.map((operation) => operation.channels().all()[0]!.address())).toEqual(names);
    for (const operation of sent) {
      const [one, many] = operation.messages().all();
      expect(one!.payload()!.json()).toMatchObject({ type: 'object', properties: expect.any(Object) });
      expect(many!.payload()!.json()).toMatchObject({ type: 'array', items: one!.payload()!.json(), maxItems: 1_000 });
    }
  });

  it('states the exact limit of ids, for languages with 64-bit integers', async () => {
    const text = await (await fetch(`${query.url}/asyncapi.json`)).text();
    expect(text).toContain('"exclusiveMaximum":9223372036854775808}');
    expect(text).not.toContain('9223372036854776000');
  });

  it('is also an HTML page that shows every event, without scripts or external resources', async () => {
    const page = await fetch(`${query.url}/docs/events`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await page.text();
    for (const { name } of new StatisticsContract().kinds) expect(html).toContain(`Publish ${name}</a></h3>`);
    for (const name of Object.keys(GUILD_EVENTS)) expect(html).toContain(`Publish ${name}</a></h3>`);
    expect(html).not.toMatch(/<(?:script|link|img|iframe)|\son\w+=|url\(|undefined|\[object/);
    const links = [...html.matchAll(/\shref="([^"]+)"/g)].map(([, link]) => link!);
    const anchors = links.filter((link) => link.startsWith('#'));
    expect(anchors.length).toBeGreaterThan(40);
    for (const anchor of anchors) expect(html).toContain(`id="${anchor.slice(1)}"`);
    for (const link of links.filter((each) => !each.startsWith('#'))) {
      const linked = await fetch(new URL(link, page.url));
      expect([link, linked.status, new URL(linked.url).origin]).toEqual([link, 200, query.url]);
      await linked.text();
    }
  });

  it('needs no credential, and is not a route of the OpenAPI document', async () => {
    const { paths } = (await (await fetch(`${query.url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(paths).filter((path) => /asyncapi|docs/.test(path))).toEqual([]);
    for (const path of ['/asyncapi.json', '/docs/events']) {
      const { status, headers } = await fetch(query.url + path, { method: 'HEAD' });
      expect([path, status]).toEqual([path, 200]);
      expect(headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(headers.get('cache-control')).not.toBe('no-store');
    }
  });
});
