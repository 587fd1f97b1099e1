import type { ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { DEAD_LETTERS, EVENTS_EXCHANGE, QUEUES, StatisticsContract } from '#libs/contracts';
import type { ApiClient } from '../harness/api-client.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';
import { DocumentedApi } from '../query/documented-api.js';
import { mistakeIn } from './answer-check.js';
import { FIRST_SEED, fuzzInRounds, SECONDS, type FuzzTask } from './fuzz-rounds.js';
import { goodEvents, type GoodEvent } from './good-events.js';
import { EMPTY_GUILDS, KEPT_GUILDS, makeApiKeys, makeSpareApiKeys, openGuilds, reopenWildGuilds } from './guilds.js';
import { mistakesInRecords } from './kept-records.js';
import { MessageLedger } from './message-ledger.js';
import { EVENT_NAMES, messagesOf, strayMessages, type FuzzMessage } from './messages.js';
import { requestsTo, strayRequests, type FuzzRequest } from './requests.js';
import { RequestSender } from './send-request.js';
import { ServiceWatch } from './service-watch.js';

const KINDS = new StatisticsContract().kinds;
const REQUESTS_A_TURN = 10;
const BATCHES_A_TURN = 3;
/** After this number of rounds, every route has had a valid request to an enabled guild. */
const ROUNDS_TO_SUCCESS = 8;

/** The number of responses of each route by class of status. */
type Touched = Map<string, Record<string, number>>;
type Publish = (message: FuzzMessage) => Promise<void>;

describe('the services, with random requests to every route and random messages in every queue', () => {
  let system: TestSystem;
  let api: ApiClient;
  let documented: DocumentedApi;
  let sender: RequestSender;
  let spareApiKeys: string[];
  let watch: ServiceWatch;
  let publish: Publish;
  const ledger = new MessageLedger();
  const touched: Touched = new Map();
  const publishedKinds = new Set<string>();
  let requests = 0;
  let somethingIsMissing = false;

  beforeAll(async () => {
    system = await TestSystem.create();
    // Thousands of requests with wrong credentials come from one address.
    const [query, ingestion] = [
      await system.startQuery({ env: { RATE_LIMIT_PER_MINUTE: '0' } }),
      await system.startIngestion(),
    ];
    api = query.api;
    await openGuilds(api);
    documented = await DocumentedApi.of(query.service.url);
    sender = new RequestSender(query.service.url, await makeApiKeys(api));
    spareApiKeys = await makeSpareApiKeys(api);
    watch = new ServiceWatch({ query: query.service, ingestion });
    publish = await openPublisher();
    const letters = await (await system.vhost.connect()).createChannel();
    await letters.consume(DEAD_LETTERS, (letter: ConsumeMessage | null) => ledger.takeLetter(letter!), { noAck: true });
  });
  afterAll(async () => {
    await watch?.stop();
    sender?.close();
    await system?.close();
  });

  it(
    `should answer as documented, stay alive, lose no good event and dead-letter every refused one (FUZZ_SEED=${FIRST_SEED})`,
    async () => {
      const now = Date.now();
      const isOver = () =>
        Date.now() > now + SECONDS * 1_000 || watch.mistakes.length > 0 || ledger.mistakes.length > 0;
      const [rounds] = await Promise.all([
        fuzzInRounds(requestTasks(now), { isOver, tasksAtOnce: 2 }),
        fuzzInRounds(messageTasks(now), { isOver, tasksAtOnce: 3 }),
      ]);
      expect(watch.mistakes).toEqual([]);
      await untilAllIsHandled();
      report(rounds, Date.now() - now);
      expect(ledger.mistakes).toEqual([]);
      expect(untouched(rounds)).toEqual([]);
      expect(publishedKinds.size).toBe(EVENT_NAMES.length + Object.keys(QUEUES).length);
      expect(await mistakesInRecords(api, KINDS, ledger.stored)).toEqual([]);
      expect(await system.count('statistic_events WHERE guild_id = ANY ($1)', [EMPTY_GUILDS])).toBe(0);
      expect(watch.mistakes).toEqual([]);
    },
    (SECONDS + 300) * 1_000,
  );

  function requestTasks(now: number): FuzzTask[] {
    const before = () => reopenWildGuilds(api, system.database);
    const toRoutes = documented.routes().map((route): FuzzTask => {
      const what = `${route.method} ${route.path}`;
      touched.set(what, {});
      const property = fc.asyncProperty(requestsTo(route, now, spareApiKeys), (request) => ask(what, request));
      return { what, property, runs: REQUESTS_A_TURN, before };
    });
    const recorded = KINDS.map((kind): FuzzTask => {
      const guild = fc.constantFrom(...KEPT_GUILDS);
      const events = guild.chain((id) => goodEvents(kind, id, { now, isRequest: true }));
      const what = `a good ${kind.name}`;
      return { what, property: fc.asyncProperty(events, record), runs: 2 };
    });
    const strays = fc.asyncProperty(strayRequests, (request) => ask('no route', request));
    return [...toRoutes, ...recorded, { what: 'no route', property: strays, runs: REQUESTS_A_TURN }];
  }

  function messageTasks(now: number): FuzzTask[] {
    const arbitraries = [
      ...EVENT_NAMES.map((name) => ({ what: name, messages: messagesOf(name, now) })),
      ...Object.values(QUEUES).map((queue) => ({ what: queue, messages: strayMessages(queue, now) })),
    ];
    return arbitraries.map(({ what, messages }): FuzzTask => {
      const copies = fc.constantFrom(1, 1, 1, 2);
      const batches = fc.array(fc.tuple(messages, copies), { minLength: 1, maxLength: 12, size: 'max' });
      const property = fc.asyncProperty(batches, (batch) => {
        publishedKinds.add(what);
        return publishBatch(batch);
      });
      return { what, property, runs: BATCHES_A_TURN };
    });
  }

  async function ask(what: string, request: FuzzRequest): Promise<void> {
    requests++;
    const answer = await sender.send(request);
    if (answer.status === 202) ledger.addOpen();
    const answers = touched.get(what) ?? {};
    const statusClass = `${Math.floor(answer.status / 100)}xx`;
    answers[statusClass] = (answers[statusClass] ?? 0) + 1;
    const mistake = mistakeIn(answer, request, documented);
    if (mistake !== undefined) throw new Error(mistake);
  }

  async function record({ kind, text, record: recordOf }: GoodEvent): Promise<void> {
    requests++;
    const answer = await api.send('POST', kind.definition.recordPath, text);
    if (answer.status !== 202) throw new Error(`status ${answer.status}: ${JSON.stringify(answer.error)} for ${text}`);
    ledger.addHandedOver(kind.name, recordOf({ messageId: '', time: 0 }));
  }

  /** Publishes a batch, and waits until its events are stored and its dead letters have arrived. */
  async function publishBatch(batch: [FuzzMessage, number][]): Promise<void> {
    const copies = batch.flatMap(([message, count]) => Array.from({ length: count }, () => message));
    for (const message of copies) ledger.add(message);
    await Promise.all(copies.map(publish));
    const messages = batch.map(([message]) => message);
    const knownMistakes = ledger.mistakes.length;
    let missing = { letters: 0, events: 0 };
    const hasArrived = async () => {
      const letters = messages.reduce((sum, message) => sum + ledger.dueLetters(message), 0);
      missing = { letters, events: await missingEvents(messages) };
      return missing.letters === 0 && missing.events === 0;
    };
    // After a failure, fast-check shrinks the batch in many runs.
    await waitFor(hasArrived, { what: 'the batch', timeoutMs: somethingIsMissing ? 2_000 : 10_000 }).catch(() => {
      somethingIsMissing = true;
      for (const message of messages) ledger.giveUp(message);
      const mistakes = ledger.mistakes.slice(knownMistakes);
      throw new Error(
        `${missing.letters} dead letters and ${missing.events} stored events are missing. ${mistakes.join('\n')}`,
      );
    });
    const mistakes = ledger.mistakes.slice(knownMistakes);
    if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  }

  async function missingEvents(messages: FuzzMessage[]): Promise<number> {
    const outcomes = messages.flatMap((message) => message.outcomes);
    const records = outcomes.flatMap((outcome) => (outcome.is === 'stored' ? [outcome.record] : []));
    if (records.length === 0) return 0;
    const stored = await system.count(
      `(SELECT DISTINCT guild_id, event_id, occurred_at FROM statistic_events
        WHERE (guild_id, event_id, occurred_at) IN
          (SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[]))) AS found`,
      [records.map((of) => of.guild_id), records.map((of) => of.id), records.map((of) => of.timestamp)],
    );
    const wanted = new Set(records.map((of) => [of.guild_id, of.id, of.timestamp].join(' ')));
    return wanted.size - stored;
  }

  async function openPublisher(): Promise<Publish> {
    const channel = await system.vhost.openConfirmChannel();
    return ({ exchange, routingKey, content, properties }) =>
      new Promise((resolve, reject) => {
        const settle = (error: unknown) => (error ? reject(error as Error) : resolve());
        channel.publish(exchange ? EVENTS_EXCHANGE : '', routingKey, content, properties, settle);
      });
  }

  /** Waits until every event has an outcome and every dead letter has arrived. */
  async function untilAllIsHandled(): Promise<void> {
    let outcomes = new Map<string, number>();
    const totalsMatch = async () => {
      outcomes = await countedOutcomes();
      const handled = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
      const letters = (outcomes.get('dead_lettered') ?? 0) + ledger.unroutable;
      return handled === ledger.events && ledger.allLetters() === letters && ledger.allDueLetters() === 0;
    };
    await waitFor(totalsMatch, { what: 'the totals to match', timeoutMs: 60_000, intervalMs: 100 }).catch(() => {
      const { events, unroutable, letters } = ledger;
      const found = { published: events, unroutable, outcomes: [...outcomes], letters: [...letters] };
      throw new Error(`the totals do not match: ${JSON.stringify({ ...found, due: ledger.allDueLetters() })}`);
    });
  }

  async function countedOutcomes(): Promise<Map<string, number>> {
    const ingestion = [...system.services].at(-1)!;
    const metrics = await (await fetch(`${ingestion.url}/metrics`)).text();
    const found = metrics.matchAll(/^serverstats_events_total\{outcome="(\w+)"\} (\d+)$/gm);
    return new Map([...found].map(([, outcome, count]) => [outcome!, Number(count)]));
  }

  /** Routes without a request. After some rounds, also routes without a success. */
  function untouched(rounds: number): string[] {
    const isUntouched = (answers: Record<string, number>) =>
      Object.keys(answers).length === 0 || (rounds >= ROUNDS_TO_SUCCESS && answers['2xx'] === undefined);
    return [...touched].filter(([, answers]) => isUntouched(answers)).map(([what]) => what);
  }

  function report(rounds: number, tookMs: number): void {
    const letters = [...ledger.letters].map(([name, count]) => `${count} ${name || 'of the broker'}`);
    const lines = [
      `FUZZ_SEED=${FIRST_SEED}: ${rounds} rounds in ${Math.round(tookMs / 1_000)} s, ${watch.probes} probes of readiness`,
      `${requests} requests to ${touched.size - untouched(rounds).length} of ${touched.size} routes, and to none`,
      `${ledger.messages} messages with ${ledger.events} events, of ${publishedKinds.size} kinds and queues`,
      `${ledger.stored.size} events stored, each once; dead letters: ${letters.join(', ')}`,
    ];
    process.stderr.write(`${lines.join('\n')}\n`);
  }
});
