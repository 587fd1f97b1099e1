import { randomUUID } from 'node:crypto';
import { snowflakeIdentity } from '#libs/contracts';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';

const DAY_MS = 86_400_000;

/** A snowflake of this time. */
function snowflakeAt(time: number): string {
  return String((BigInt(time) - 1_420_070_400_000n) << 22n);
}

/** A UUIDv7 of this time. */
function uuidV7At(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8def-0123456789ab`;
}

describe('recording a statistic', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
  });
  beforeEach(() => {
    query.handover.events.length = 0;
    query.handover.failure = undefined;
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const openGuild = async (changes: Record<string, unknown> = {}) => {
    const guildId = newGuildId();
    await query.client.openGuild(guildId, changes);
    return guildId;
  };
  const post = (path: string, body: unknown) => query.client.send<Record<string, unknown>>('POST', path, body);
  const handedOver = () => query.handover.events;

  it('hands over the fields of the kind with exact ids, and drops other fields', async () => {
    const guildId = await openGuild();
    const eventId = randomUUID();
    const occurredAt = new Date(Date.now() - 1000);
    const answer = await post(
      'stats/command/check',
      `{"guild_id": ${guildId}, "user_id": 9223372036854775807, "command": "ping 😀", "extra": {"deep": [1]},
        "event_id": "${eventId.toUpperCase()}", "occurred_at": ${occurredAt.getTime()}}`,
    );
    expect(answer).toMatchObject({ status: 202, data: { event_id: eventId, accepted: true } });
    const body = {
      guild_id: guildId,
      command: 'ping 😀',
      user_id: '9223372036854775807',
      event_id: eventId,
      occurred_at: occurredAt.toISOString(),
    };
    expect(handedOver()).toEqual([{ name: 'command.used', eventId, occurredAt: occurredAt.getTime(), body }]);
  });

  it('keeps the decimals of a delay to the microsecond', async () => {
    const guildId = await openGuild();
    await post('stats/modules/tags/send-time', { guild_id: guildId, send_time_delay: 12.345_678, user_id: '4' });
    expect(handedOver()[0]!.body).toMatchObject({ send_time_delay: 12.346 });
    expect(handedOver()[0]!.body).not.toHaveProperty('user_id');
  });

  it('hands over the creator of a temp channel only once', async () => {
    const guildId = await openGuild();
    const body = { guild_id: guildId, initial_creator_id: 7, user_id: '8' };
    await post('stats/modules/tempchannels/created', body);
    expect(handedOver()[0]!.body).toMatchObject({ initial_creator_id: '7' });
    expect(handedOver()[0]!.body).not.toHaveProperty('user_id');
  });

  it('adds an id and a time if they are missing', async () => {
    const guildId = await openGuild();
    const before = Date.now();
    const { data } = await post('stats/functions/reminders/created', { guild_id: guildId });
    const [event] = handedOver();
    expect(data).toEqual({ event_id: event!.eventId, accepted: true });
    expect(event!.eventId[14]).toBe('7');
    expect(event!.occurredAt).toBeGreaterThanOrEqual(before);
    expect(event!.body).toMatchObject({
      event_id: event!.eventId,
      occurred_at: new Date(event!.occurredAt).toISOString(),
    });
  });

  it('uses the time in a UUIDv7, and rejects another id without a time', async () => {
    const guildId = await openGuild();
    const time = Date.now() - 5 * DAY_MS;
    await post('stats/functions/reminders/created', { guild_id: guildId, event_id: uuidV7At(time) });
    expect(handedOver()[0]).toMatchObject({ eventId: uuidV7At(time), occurredAt: time });
    const refused = await post('stats/functions/reminders/created', { guild_id: guildId, event_id: randomUUID() });
    expect(refused).toMatchObject({ status: 400, error: { fields: [{ field: 'occurred_at' }] } });
  });

  it('identifies a message by its message_id, whatever else was sent', async () => {
    const guildId = await openGuild();
    const messageId = snowflakeAt(Date.now() - DAY_MS);
    const body = { guild_id: guildId, member_is_bot: false, channel_id: '5', message_id: messageId };
    const more = { event_id: randomUUID(), occurred_at: new Date().toISOString() };
    const answers = [await post('stats/message/check', body), await post('stats/message/check', { ...body, ...more })];
    const { eventId, occurredAt } = snowflakeIdentity(messageId, 'message_id');
    expect(answers.map(({ data }) => data.event_id)).toEqual([eventId, eventId]);
    expect(handedOver()).toEqual(Array(2).fill({ name: 'message.sent', eventId, occurredAt, body }));
  });

  it.each([
    ['occurred_at', 'too old', { occurred_at: new Date(Date.now() - 63 * DAY_MS).toISOString() }],
    ['occurred_at', 'in the future', { occurred_at: Date.now() + 6 * 60_000 }],
    ['event_id', 'too old', { event_id: uuidV7At(Date.now() - 63 * DAY_MS) }],
    ['event_id', 'in the future', { event_id: uuidV7At(Date.now() + 6 * 60_000) }],
  ])('rejects %s that is %s', async (field, _, time) => {
    const answer = await post('stats/command/check', { guild_id: await openGuild(), command: 'a', ...time });
    expect(answer).toMatchObject({ status: 400, error: { name: 'BadRequestError', fields: [{ field }] } });
    expect(handedOver()).toEqual([]);
  });

  it('rejects a message that is too old or in the future', async () => {
    for (const time of [Date.now() - 63 * DAY_MS, Date.now() + 10 * 60_000]) {
      const body = {
        guild_id: await openGuild(),
        member_is_bot: false,
        channel_id: '5',
        message_id: snowflakeAt(time),
      };
      const answer = await post('stats/message/check', body);
      expect(answer).toMatchObject({ status: 400, error: { fields: [{ field: 'message_id' }] } });
    }
  });

  it('hands nothing over while the statistic is off', async () => {
    const guildId = await openGuild({ stats_command_usage: false });
    const answer = await post('stats/command/check', { guild_id: guildId, command: 'a' });
    expect(answer).toMatchObject({ status: 200, data: { accepted: false, reason: 'statistic_disabled' } });
    expect(handedOver()).toEqual([]);
  });

  it("hands over a bot's message only if bots are tracked", async () => {
    const body = { member_is_bot: true, channel_id: '5', message_id: snowflakeAt(Date.now()) };
    const without = await openGuild({ stats_track_bot_messages: false });
    expect(await post('stats/message/check', { guild_id: without, ...body })).toMatchObject({
      status: 200,
      data: { accepted: false, reason: 'bot_message' },
    });
    const human = await post('stats/message/check', { guild_id: without, ...body, member_is_bot: false });
    expect(human.status).toBe(202);
    expect((await post('stats/message/check', { guild_id: await openGuild(), ...body })).status).toBe(202);
  });

  it('hands nothing over once the module is disabled', async () => {
    const guildId = await openGuild();
    await post('disable', { guild_id: guildId });
    const answer = await post('stats/command/check', { guild_id: guildId, command: 'a' });
    expect(answer).toMatchObject({ status: 409, error: { code: 800 } });
    expect(handedOver()).toEqual([]);
  });

  it('returns the id and time with which the caller can repeat the event, if the handover is unavailable', async () => {
    const guildId = await openGuild();
    query.handover.break();
    const answer = await post('stats/command/check', { guild_id: guildId, command: 'a' });
    expect(answer).toMatchObject({ status: 503, error: { code: 503, name: 'ServiceUnavailableError' } });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    const { event } = answer.error as { event?: { event_id: string; occurred_at: string } };
    query.handover.failure = undefined;
    const again = await post('stats/command/check', { guild_id: guildId, command: 'a', ...event });
    expect(again.data).toEqual({ event_id: event!.event_id, accepted: true });
    expect(handedOver()[0]!.body).toMatchObject({ ...event });
  });

  it('answers InternalServerError without details, and logs it, if the handover fails unexpectedly', async () => {
    const guildId = await openGuild();
    query.handover.failure = new TypeError('the secret inside');
    const answer = await post('stats/command/check', { guild_id: guildId, command: 'a' });
    expect(answer).toMatchObject({ status: 500, error: { code: 500, name: 'InternalServerError' } });
    expect(JSON.stringify(answer.error)).not.toContain('secret');
    const logged = query.log.find(({ msg }) => msg === 'a request failed unexpectedly');
    const request_id = answer.headers.get('x-request-id');
    expect(logged).toMatchObject({
      level: 'error',
      request_id,
      guild_id: guildId,
      stack: expect.stringMatching(/^at /),
    });
  });

  it('declines stars while the starboard is off, and always hands over deleted channels', async () => {
    const guildId = await openGuild();
    const star = { guild_id: guildId, channel_id: 5, message_id: '6' };
    const off = { status: 200, data: { accepted: false, reason: 'starboard_disabled' } };
    expect(await post('starboard/add', star)).toMatchObject(off);
    expect(await post('starboard/remove', star)).toMatchObject(off);
    const channel = await post('stats/counter-panel/check-deleted-channel', { guild_id: guildId, channel_id: 5 });
    expect(channel.status).toBe(202);
    const on = { guild_id: guildId, starboard_enabled: true, starboard_channel: '9', starboard_count: 1 };
    await query.client.send('PATCH', 'settings', on);
    expect((await post('starboard/add', star)).status).toBe(202);
    expect(handedOver().map(({ name, body }) => [name, body])).toEqual([
      ['channel.deleted', { guild_id: guildId, channel_id: '5' }],
      ['star.added', { guild_id: guildId, channel_id: '5', message_id: '6' }],
    ]);
  });

  it('refreshes counter panels of all guilds, or of one that is enabled', async () => {
    expect((await post('stats/counter-panel/update', undefined)).status).toBe(202);
    expect((await post('stats/counter-panel/update', {})).status).toBe(202);
    expect((await post('stats/counter-panel/update', { guild_id: newGuildId() })).status).toBe(409);
    expect((await post('stats/counter-panel/update', { guild_id: 'x' })).status).toBe(400);
    expect((await post('stats/counter-panel/update', { guild_id: await openGuild() })).status).toBe(202);
  });
});
