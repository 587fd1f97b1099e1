import { randomUUID } from 'node:crypto';
import { DIMENSIONS } from '#libs/contracts';
import type { ApiClient } from '../harness/api-client.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const STARTED_AT = Date.now();
const DAY_MS = 86_400_000;
const ids = new SnowflakeSource(STARTED_AT);
/** So many rounds that an erasure takes more than one step. */
const ROUNDS_BEFORE = 24;
const EVENTS_PER_ROUND = 500;
/** Enough that both instances always have events to store. */
const MOST_UNHANDLED = 10_000;

interface SentEvent {
  kind: 'message.sent' | 'command.used';
  user: string;
  occurredAt: number;
  body: Record<string, unknown>;
}

interface Entries {
  total: number;
  statistics: Record<string, number>;
  starboard: number;
}

describe('erasing a member while two instances store events of the guild', () => {
  let system: TestSystem;
  let api: ApiClient;
  let publisher: Publisher;
  const guild_id = ids.next(30 * DAY_MS);
  const channel_id = ids.next(30 * DAY_MS);
  const member = ids.next(500 * DAY_MS);
  const other = ids.next(400 * DAY_MS);
  const form = { guild_id, privacy_member_id: member };
  const sent: SentEvent[] = [];
  let published = 0;

  beforeAll(async () => {
    system = await TestSystem.create();
    await Promise.all([system.startIngestion(), system.startIngestion()]);
    ({ api } = await system.startQuery());
    publisher = await system.connectPublisher();
    await api.openGuild(guild_id);
  });
  afterAll(async () => {
    await publisher.close();
    await system.close();
  });

  it('should leave no earlier reference to the member, keep every count, and store later events as usual', async () => {
    for (let round = 0; round < ROUNDS_BEFORE; round++) await publishRound(STARTED_AT - 2 * DAY_MS + round * 60_000);
    await rolledUp(sent.length);
    expect(await groupsNaming(member)).toBeGreaterThan(0);
    const known = await system.database.query<{ event_id: string; message_id: string | null }>(
      'SELECT event_id, message_id FROM statistic_events WHERE guild_id = $1 AND user_id = $2',
      [guild_id, member],
    );
    await system.database.query('INSERT INTO starboard_entries VALUES ($1, 5, 6, $2)', [guild_id, member]);

    const background = startPublishing();
    await waitFor(async () => (await entries()).total > known.length + 500, { what: 'events to be stored' });
    const erased = await api.send<Entries>('DELETE', 'privacy/delete-user-entries', form);
    expect(erased.status).toBe(200);
    await waitFor(async () => (await entries()).total > 500, { what: 'later events of the member' });
    await background.stop();
    await system.untilHandled(published);

    const before = await tombstone();
    const later = sent.filter(({ user, occurredAt }) => user === member && occurredAt >= before);
    const ofOther = sent.filter(({ user }) => user === other);
    const counted = erased.data.total - erased.data.starboard;
    const check = async () => {
      expect(await stored()).toBe(ofOther.length + later.length + counted);
      expect(await stored('AND user_id = $2', [other])).toBe(ofOther.length);
      expect(await stored('AND user_id = $2', [member])).toBe(later.length);
      expect(await stored('AND user_id = $2 AND occurred_at < $3', [member, new Date(before)])).toBe(0);
      expect(await stored('AND user_id IS NULL AND message_id IS NULL')).toBe(counted);
      const eventIds = known.map(({ event_id }) => event_id);
      expect(await stored('AND event_id = ANY ($2)', [eventIds])).toBe(0);
      const messageIds = known.flatMap(({ message_id }) => message_id ?? []);
      expect(messageIds.length).toBeGreaterThan(1_000);
      expect(await stored('AND message_id = ANY ($2)', [messageIds])).toBe(0);
      expect((await entries()).total).toBe(later.length);
      await checkAnswers(later, counted);
    };
    expect(erased.data.starboard).toBe(1);
    expect(counted).toBeGreaterThan(known.length);
    await check();

    // Publish everything again.
    for (let start = 0; start < sent.length; start += EVENTS_PER_ROUND)
      await publish(sent.slice(start, start + EVENTS_PER_ROUND));
    await rolledUp(published);
    await check();
    expect(await groupsNaming(member)).toBe(0);
    expect(await groupsNaming(other)).toBeGreaterThan(0);
    expect(await system.count('erasures')).toBe(0);
  });

  async function checkAnswers(later: readonly SentEvent[], counted: number): Promise<void> {
    const summaries = await Promise.all(
      (['message', 'command'] as const).map((kind) =>
        api.get<{ total: number; groups: { key: string | null; count: number }[] }>(`stats/${kind}/summary`, {
          guild_id,
          group_by: 'user',
        }),
      ),
    );
    const groups = summaries.flatMap(({ data }) => data.groups);
    const sum = (key: string | null) =>
      groups.filter((group) => group.key === key).reduce((total, { count }) => total + count, 0);
    expect([sum(member), sum(null)]).toEqual([later.length, counted]);
    expect(summaries.reduce((total, { data }) => total + data.total, 0)).toBe(await stored());
    const messages = await api.walk('stats/message/view', { guild_id, user_id: member });
    const sentLater = later.filter(({ kind }) => kind === 'message.sent').map(({ body }) => body.message_id);
    expect(messages).toHaveLength(sentLater.length);
    expect(new Set(messages.map(({ message_id }) => message_id))).toEqual(new Set(sentLater));
  }

  /** Publishes messages and commands, half of them of the member and half of another user. */
  async function publishRound(time?: number): Promise<void> {
    const occurredAt = time ?? Date.now();
    const events = Array.from({ length: EVENTS_PER_ROUND }, (_, index): SentEvent => {
      const user = index % 4 < 2 ? member : other;
      const common = { guild_id, user_id: user };
      if (index % 2 === 0) {
        const body = { ...common, channel_id, member_is_bot: false, message_id: ids.next(STARTED_AT - occurredAt) };
        return { kind: 'message.sent', user, occurredAt, body };
      }
      const body = { ...common, command: 'x', event_id: randomUUID(), occurred_at: new Date(occurredAt).toISOString() };
      return { kind: 'command.used', user, occurredAt, body };
    });
    sent.push(...events);
    await publish(events);
  }

  async function publish(events: readonly SentEvent[]): Promise<void> {
    published += events.length;
    await Promise.all(
      (['message.sent', 'command.used'] as const).map((kind) =>
        publisher.publish(
          kind,
          events.filter((event) => event.kind === kind).map(({ body }) => body),
        ),
      ),
    );
  }

  function startPublishing(): { stop(): Promise<void> } {
    let isRunning = true;
    const publishing = (async () => {
      while (isRunning) {
        await publishRound();
        await system.untilHandled(published - MOST_UNHANDLED);
      }
    })();
    return {
      async stop() {
        isRunning = false;
        await publishing;
      },
    };
  }

  /** Resolves when this many events are handled and the rollups of earlier days are current. */
  async function rolledUp(events: number): Promise<void> {
    await system.untilHandled(events);
    const marks = () => system.count('statistic_rollup_pending WHERE bucket < $1', [new Date(STARTED_AT - DAY_MS)]);
    await waitFor(async () => (await marks()) === 0, { what: 'rollups of earlier days', timeoutMs: 30_000 });
  }

  const stored = (condition = '', parameters: unknown[] = []) =>
    system.count(`statistic_events WHERE guild_id = $1 ${condition}`, [guild_id, ...parameters]);
  const groupsNaming = (user: string) =>
    system.count(`statistic_groups WHERE guild_id = $1 AND dimension = ${DIMENSIONS.user.number} AND $2 = ANY (ids)`, [
      guild_id,
      user,
    ]);
  const entries = async () => (await api.get<Entries>('privacy/get-user-entries', form)).data;

  async function tombstone(): Promise<number> {
    const [row] = await system.database.query<{ before: string }>(
      `SELECT ceil(extract(epoch FROM before) * 1000) AS before FROM erasure_tombstones
       WHERE guild_id = $1 AND user_id = $2`,
      [guild_id, member],
    );
    return Number(row!.before);
  }
});
