import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { SWITCH_NAMES } from '#libs/contracts';
import { makeEvents, SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const ids = new SnowflakeSource(Date.now());
const plain = (text: string) => Buffer.from(text);
const DAYS_30 = 30 * 86_400_000;

describe('the ingestion service', () => {
  let system: TestSystem;
  let publisher: Publisher;

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.startIngestion();
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await system.close();
  });

  const openGuild = async (switches: readonly string[] = SWITCH_NAMES) => {
    const guildId = ids.next(DAYS_30);
    await system.openGuild(guildId, switches);
    return guildId;
  };
  const stored = (guildId: string) => system.count('statistic_events WHERE guild_id = $1', [guildId]);
  const storedIs = (guildId: string, count: number) =>
    waitFor(async () => (await stored(guildId)) === count, { what: `${count} events of guild ${guildId}` });
  /** All that was published before this was, has been handled when this resolves. */
  const handled = async () => {
    const guildId = await openGuild();
    await publisher.publish('reminder.created', { guild_id: guildId });
    await storedIs(guildId, 1);
  };

  it('should store 493 of 500 events and send the 7 bad ones, raw, to the dead letters', async () => {
    await system.database.query(`
      CREATE OR REPLACE FUNCTION refuse_label() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'only Postgres refuses this' USING ERRCODE = 'untranslatable_character';
      END $$`);
    await system.database.query(`
      CREATE TRIGGER refuse_label BEFORE INSERT ON statistic_events
      FOR EACH ROW WHEN (NEW.label = 'only Postgres refuses this') EXECUTE FUNCTION refuse_label()`);
    const guild_id = await openGuild();
    const good = makeEvents(493, guild_id);
    const bad: [key: string, body: string, reason: string, text: string][] = [
      ['command.used', '{"guild_id": 5, not json', 'MalformedMessageError', 'cannot be read as JSON'],
      ['command.used', `{"guild_id": ${guild_id}, "command": 12345678901234567890}`, 'InvalidEventError', 'command'],
      ['command.used', `{"guild_id": "${guild_id}"}`, 'InvalidEventError', 'command is required'],
      ['command.used', `{"pattern":"tag.send_timed","data":{"guild_id":${guild_id}}}`, 'UnknownEventError', 'pattern'],
      ['giveaway.created', `{"guild_id": 9223372036854775808}`, 'InvalidEventError', 'guild_id'],
      [
        'reminder.created',
        `{"guild_id": ${guild_id}, "occurred_at": "${new Date(Date.now() + 600_000).toISOString()}"}`,
        'FutureEventError',
        'occurred_at',
      ],
      [
        'command.used',
        `{"guild_id":${guild_id},"command":"only Postgres refuses this"}`,
        'RefusedByDatabaseError',
        'only',
      ],
    ];
    const all = [...good.map((event) => () => publisher.publish(event.kind, event.body))];
    bad.forEach(([key, body], index) => all.splice(index * 70 + 3, 0, () => publisher.publish(key, body)));
    await Promise.all(all.map((publish) => publish()));

    await storedIs(guild_id, 493);
    const letters = await publisher.waitForDeadLetters(7);
    expect(letters).toHaveLength(7);
    for (const [key, body, reason, text] of bad) {
      const letter = letters.find(({ content }) => content.toString() === body);
      expect(letter?.properties.headers).toMatchObject({ 'x-error-name': reason, 'x-original-routing-key': key });
      expect(letter?.properties.headers?.['x-error-message']).toContain(text);
    }
    await system.database.query('DROP TRIGGER refuse_label ON statistic_events');
  });

  it('should send U+0000 in a text to the dead letters, naming the field', async () => {
    const guild_id = await openGuild();
    await publisher.publish('command.used', { guild_id, command: 'a\u0000b' });
    const [letter] = await publisher.waitForDeadLetters(1);
    expect(JSON.parse(letter!.properties.headers!['x-error-fields'] as string)).toMatchObject([{ field: 'command' }]);
  });

  it('should take only the bad elements out of an array, each equal in value and ready for a replay', async () => {
    const guild_id = await openGuild();
    const body = `[{"guild_id": ${guild_id}}, {"guild_id": 9223372036854775808, "x": 1e400}, {"guild_id": "${guild_id}"}]`;
    await publisher.publish('reminder.created', body, { messageId: 'batch-7', timestamp: 1_700_000_000_000 });
    await publisher.publish('reminder.created', body, { messageId: 'batch-8', timestamp: Date.now() });
    await storedIs(guild_id, 2); // those of batch-7 are too old
    const letters = await publisher.waitForDeadLetters(2);
    expect(letters.map(({ content }) => content.toString())).toEqual(
      Array(2).fill('{"guild_id": 9223372036854775808, "x": 1e400}'),
    );
    expect(letters.map(({ properties }) => properties.messageId as string)).toEqual(['batch-7#1', 'batch-8#1']);
    expect(letters[0]!.properties.timestamp).toBe(1_700_000_000_000);
  });

  it("should accept gzip, NestJS's packets with the queue's name as routing key, and arrays", async () => {
    const guild_id = await openGuild();
    await publisher.publish('reminder.created', gzipSync(JSON.stringify([{ guild_id }, { guild_id }])), {
      contentEncoding: 'gzip',
    });
    await publisher.publish('reminder.created', { pattern: 'reminder.created', data: { guild_id } });
    await publisher.sendToQueue('serverstats.statistics', { pattern: 'giveaway.created', data: { guild_id } });
    await storedIs(guild_id, 4);
  });

  it.each([
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['gzip,UTF-8', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['UTF-8', plain],
    ['us-ascii', plain],
    ['binary', plain],
  ] as [string, (text: string) => Buffer][])('should read a body with content_encoding %s', async (encoding, pack) => {
    const guild_id = await openGuild();
    await publisher.publish('reminder.created', pack(JSON.stringify({ guild_id })), { contentEncoding: encoding });
    await storedIs(guild_id, 1);
  });

  it('should refuse what unpacks to more than 1 MiB', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000, ' '));
    await publisher.publish('reminder.created', bomb, { contentEncoding: 'gzip' });
    const [letter] = await publisher.waitForDeadLetters(1);
    expect(letter!.content.equals(bomb)).toBe(true);
    expect(letter!.properties.headers!['x-error-message']).toContain('1048576');
  });

  it('should count a message once, whatever else is sent with its id', async () => {
    const guild_id = await openGuild();
    const body = { guild_id, channel_id: ids.next(), message_id: ids.next(), member_is_bot: false };
    await publisher.publish('message.sent', body);
    await publisher.publish('message.sent', { ...body, event_id: 'not looked at', occurred_at: 5 }, { messageId: 'x' });
    await publisher.publish('message.sent', [body, body]);
    await handled();
    expect(await stored(guild_id)).toBe(1);
  });

  it('should apply the switches, bot tracking and the module as they are when it writes', async () => {
    const guild_id = await openGuild(['stats_message_statistics']);
    const message = (member_is_bot: boolean) => ({ guild_id, channel_id: '5', message_id: ids.next(), member_is_bot });
    await publisher.publish('message.sent', message(true));
    await publisher.publish('message.sent', message(false));
    await publisher.publish('command.used', { guild_id, command: 'off' });
    await handled();
    expect(await stored(guild_id)).toBe(1);
    await system.database.query('UPDATE guild_settings SET switches = $2 WHERE guild_id = $1', [
      guild_id,
      SWITCH_NAMES,
    ]);
    await publisher.publish('message.sent', message(true));
    await publisher.publish('command.used', { guild_id, command: 'on' });
    await handled();
    expect(await stored(guild_id)).toBe(3);
    await system.database.query('UPDATE guild_settings SET enabled = false WHERE guild_id = $1', [guild_id]);
    await publisher.publish('command.used', { guild_id, command: 'disabled' });
    await handled();
    expect(await stored(guild_id)).toBe(3);
  });

  it('should mark the quarter of an hour of every event it stores', async () => {
    const guild_id = await openGuild();
    const occurred_at = new Date(Date.now() - 86_400_000);
    await publisher.publish('tag.send_timed', {
      guild_id,
      send_time_delay: 1.5,
      occurred_at: occurred_at.toISOString(),
    });
    await storedIs(guild_id, 1);
    const marks = await system.database.query(
      'SELECT kind, bucket, generation FROM statistic_rollup_pending WHERE guild_id = $1',
      [guild_id],
    );
    const bucket = new Date(Math.floor(occurred_at.getTime() / 900_000) * 900_000);
    expect(marks).toEqual([{ kind: 12, bucket, generation: 0 }]);
  });

  it('should keep the newest snapshot of each quarter of an hour, with every count that it has', async () => {
    const guild_id = await openGuild();
    const at = Math.floor(Date.now() / 900_000) * 900_000 - 900_000;
    const snapshot = (ms: number, member_count: number) =>
      publisher.publish('guild.snapshot', {
        guild_id,
        member_count,
        occurred_at: at + ms,
        bot_count: 1,
        later_count: 9,
        role_member_counts: { '77': 5 },
        online_role_member_counts: { '77': 3 },
      });
    for (const [ms, count] of [
      [60_000, 2],
      [120_000, 3],
      [0, 1],
      [-1, 0],
    ] as const)
      await snapshot(ms, count);
    const read = () =>
      system.database.query(
        `SELECT counts, role_member_counts, online_role_member_counts
         FROM guild_snapshots WHERE guild_id = $1 ORDER BY bucket`,
        [guild_id],
      );
    await waitFor(async () => (await read()).length === 2, { what: 'both quarters' });
    const ofRoles = { role_member_counts: { '77': 5 }, online_role_member_counts: { '77': 3 } };
    expect(await read()).toEqual([
      { counts: { member_count: 0, bot_count: 1 }, ...ofRoles },
      { counts: { member_count: 3, bot_count: 1 }, ...ofRoles },
    ]);
  });

  it('should erase a guild that the bot has left, unless it was enabled again since', async () => {
    const [left, back] = [await openGuild(), await openGuild()];
    for (const guild_id of [left, back]) await publisher.publish('reminder.created', { guild_id });
    await storedIs(left, 1);
    await storedIs(back, 1);
    await publisher.publish('guild.deleted', { guild_id: back, occurred_at: Date.now() - 7_200_000 });
    await publisher.publish('guild.deleted', { guild_id: left, occurred_at: Date.now(), unavailable: true });
    await publisher.publish('guild.deleted', { guild_id: left, occurred_at: Date.now() + 1000 });
    await storedIs(left, 0);
    expect(await system.count('guild_settings WHERE guild_id = $1', [left])).toBe(0);
    expect(await stored(back)).toBe(1);
    await system.openGuild(left, SWITCH_NAMES);
    await publisher.publish('reminder.created', { guild_id: left, occurred_at: Date.now() - 5000 });
    await handled();
    expect(await stored(left)).toBe(0);
    const letters = await publisher.takeDeadLetters();
    expect(letters.map(({ properties }) => properties.headers!['x-error-fields'] as string)).toEqual([
      expect.stringContaining('unavailable'),
    ]);
  });

  it('should take a deleted channel out of the settings', async () => {
    const guild_id = await openGuild();
    await system.database.query(
      `UPDATE guild_settings SET starboard_enabled = true, starboard_channel = 5, counter_panel_enabled = true,
         counter_panel_category_channel = 6 WHERE guild_id = $1`,
      [guild_id],
    );
    await system.database.query(
      `INSERT INTO counters (guild_id, channel_id, type, source)
       VALUES ($1, 7, 'members', 'setting'), ($1, 7, 'boosts', 'setting'), ($1, 9, 'online', 'setting')`,
      [guild_id],
    );
    for (const channel_id of [5, 7, 8]) await publisher.publish('channel.deleted', { guild_id, channel_id });
    const read = async () =>
      (await system.database.query('SELECT * FROM guild_settings WHERE guild_id = $1', [guild_id]))[0]!;
    const counters = () => system.database.query('SELECT type FROM counters WHERE guild_id = $1', [guild_id]);
    await waitFor(async () => (await counters()).length === 1, { what: 'the counters' });
    expect(await counters()).toEqual([{ type: 'online' }]);
    await waitFor(async () => (await read()).starboard_channel === null, { what: 'the settings' });
    expect(await read()).toMatchObject({
      starboard_enabled: false,
      starboard_channel: null,
      counter_panel_enabled: true,
    });
    await publisher.publish('channel.deleted', { guild_id, channel_id: 6 });
    await waitFor(async () => (await read()).counter_panel_category_channel === null, { what: 'the category' });
    expect(await read()).toMatchObject({ counter_panel_enabled: false });
  });
});
