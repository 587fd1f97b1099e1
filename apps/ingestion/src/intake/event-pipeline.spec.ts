import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Database } from '#libs/database';
import { EventMetrics } from './event.metrics.js';
import type { EventConsumer } from './event-consumer.js';
import { EventPipeline } from './event-pipeline.js';
import type { OutcomeCounts } from './event-result.js';
import { EventStorer } from './event-storer.service.js';
import type { IntakeEvent } from './event-type.js';
import { guildEvents } from './guild-event-type.js';
import { MemoryBudget } from './memory-budget.js';

const GUILD = '41771983423143937';
const CHANNEL = '41771983423143938';
const QUEUE = 'serverstats.guilds';

describe('EventPipeline', () => {
  let registry: Registry;
  let calls: string[];

  beforeEach(() => {
    registry = new Registry();
    calls = [];
  });

  const pipelineTo = (...consumers: EventConsumer[]) => {
    const metrics = new EventMetrics(registry, new MemoryBudget());
    const logger = pino({ level: 'silent' });
    const storer = new EventStorer({ probe: async () => undefined } as Database, metrics, logger);
    return new EventPipeline(consumers, { retentionDays: 62, storer, metrics, logger });
  };
  const consumerOf = (
    name: 'guild.deleted' | 'channel.deleted',
    atOnce: number,
    store = async (events: readonly IntakeEvent[]): Promise<OutcomeCounts> => ({ handled: events.length }),
  ): EventConsumer => ({
    types: guildEvents(name)(),
    atOnce,
    store: (events) => {
      calls.push(`${name} ${events.length}`);
      return store(events);
    },
  });
  const messageOf = (routingKey: string, body: unknown, queue = QUEUE) => ({
    queue,
    routingKey,
    content: Buffer.from(JSON.stringify(body)),
    arrivedAt: Date.now(),
  });
  const guildDeleted = { guild_id: GUILD };
  const channelDeleted = { guild_id: GUILD, channel_id: CHANNEL };
  const outcomes = async () => {
    const { values } = await registry.getSingleMetric('serverstats_events_total')!.get();
    return Object.fromEntries(
      values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.outcome, value]),
    );
  };

  it('should pass events to the consumer of their type, in order, and at most as many per call as it accepts', async () => {
    const pipeline = pipelineTo(consumerOf('channel.deleted', 2), consumerOf('guild.deleted', Infinity));
    const messages = [
      messageOf('channel.deleted', [channelDeleted, channelDeleted]),
      messageOf('channel.deleted', channelDeleted),
      messageOf('guild.deleted', guildDeleted),
      messageOf('guild.deleted', guildDeleted),
      messageOf('channel.deleted', channelDeleted),
    ];
    await pipeline.store(messages.map((message) => pipeline.decode(message)));
    expect(calls).toEqual(['channel.deleted 2', 'channel.deleted 1', 'guild.deleted 2', 'channel.deleted 1']);
    expect(await outcomes()).toEqual({ handled: 6 });
  });

  it('should give each event one result: ok, drop or dead letter, with the reason', async () => {
    const pipeline = pipelineTo(consumerOf('guild.deleted', 1));
    const at = (days: number) => ({ ...guildDeleted, occurred_at: Date.now() + days * 86_400_000 });
    const bodies = [guildDeleted, at(-63), at(1), { guild_id: 'x' }];
    const { results, weight } = pipeline.decode(messageOf('guild.deleted', bodies));
    expect(results).toMatchObject([
      { status: 'ok' },
      { status: 'drop', reason: 'too_old' },
      { status: 'dead letter', reason: 'FutureEventError' },
      { status: 'dead letter', reason: 'InvalidEventError' },
    ]);
    expect(weight).toBe(3);
    expect(await outcomes()).toEqual({ too_old: 1, dead_lettered: 2 });
  });

  it.each([
    ['has no consumer', messageOf('channel.deleted', channelDeleted)],
    ['belongs to another queue', messageOf('guild.deleted', guildDeleted, 'serverstats.starboard')],
  ])('should send an event that %s to the dead letters', (_, message) => {
    const { results } = pipelineTo(consumerOf('guild.deleted', 1)).decode(message);
    expect(results).toMatchObject([{ status: 'dead letter', reason: 'UnknownEventError' }]);
  });

  it('should return the dead letters of each message, from decoding and from storing', async () => {
    const refuse = async (events: readonly IntakeEvent[]): Promise<OutcomeCounts> => {
      const ids = events.map((event) => (event as unknown as { fields: { channel_id: string } }).fields.channel_id);
      if (ids.includes('666')) throw Object.assign(new Error('no such text'), { code: '22021' });
      return { handled: events.length };
    };
    const pipeline = pipelineTo(consumerOf('channel.deleted', Infinity, refuse));
    const messages = [
      messageOf('channel.deleted', channelDeleted),
      messageOf('channel.deleted', [{ ...channelDeleted, channel_id: '666' }, channelDeleted, { guild_id: GUILD }]),
      messageOf('channel.deleted', channelDeleted),
    ];
    const letters = await pipeline.store(messages.map((message) => pipeline.decode(message)));
    expect(letters.map((own) => own.map(({ headers }) => headers['x-error-name']))).toEqual([
      [],
      ['RefusedByDatabaseError', 'InvalidEventError'],
      [],
    ]);
    expect(await outcomes()).toEqual({ handled: 3, dead_lettered: 2 });
  });

  it('should count the events of a batch once if it fails in the middle and is retried', async () => {
    let isOutage = true;
    const store = async (): Promise<OutcomeCounts> => {
      if (calls.length === 2 && isOutage) throw Object.assign(new Error('terminated'), { code: '57P01' });
      return { handled: 1 };
    };
    const pipeline = pipelineTo(consumerOf('guild.deleted', 1, store));
    const messages = [1, 2, 3].map(() => pipeline.decode(messageOf('guild.deleted', guildDeleted)));
    await expect(pipeline.store(messages)).rejects.toThrow('terminated');
    isOutage = false;
    await pipeline.store(messages);
    expect(await outcomes()).toEqual({ handled: 3 });
  });

  it('should reject two consumers of the same event', () => {
    expect(() => pipelineTo(consumerOf('guild.deleted', 1), consumerOf('guild.deleted', 2))).toThrow('guild.deleted');
  });
});
