import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataSource } from '#libs/database';
import { Eraser, WHOLE_GUILD } from '#libs/erasure';
import { SteppedRun } from '../harness/stepped-data-source.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

/** More events than one step erases. */
const MANY = 25_000;

describe('the ingestion service', () => {
  let system: TestSystem;
  let guilds = 1_400_000_000_000_000_000n;

  beforeAll(async () => {
    system = await TestSystem.create();
  });
  afterAll(() => system.close());

  it('should finish the erasure of a dead process soon after its start', async () => {
    const guildId = await openLargeGuild();
    const dying = await createDataSource({
      url: system.database.url,
      poolSize: 2,
      applicationName: 'dying',
    }).initialize();
    const run = new SteppedRun(dying, () => new Eraser(dying).eraseMember(guildId, '7'));
    while ((await run.next()) !== 'COMMIT') await run.step(async () => false);
    await run.step(async () => false);
    const death = run.finish().catch((error: unknown) => error);
    await system.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dying' AND datname = current_database()`,
    );
    expect(await death).toBeInstanceOf(Error);
    await dying.destroy();
    expect(await system.count('erasures')).toBe(1);
    const ingestion = await system.startIngestion();
    await waitFor(async () => (await system.count('erasures')) === 0, { what: 'the erasure to be finished' });
    expect(await system.count('statistic_events WHERE guild_id = $1 AND user_id = 7', [guildId])).toBe(0);
    expect(await system.count('statistic_events WHERE guild_id = $1', [guildId])).toBe(MANY);
    await ingestion.stop();
  });

  it('should handle other events while a large guild that the bot has left is erased', async () => {
    const [left, other] = [await openLargeGuild(), await openLargeGuild(1)];
    const ingestion = await system.startIngestion();
    const publisher = await system.connectPublisher();
    // Holds the erasure lock like another process that erases the guild.
    const source = await createDataSource({
      url: system.database.url,
      poolSize: 2,
      applicationName: 'slow',
    }).initialize();
    const slow = new SteppedRun(source, () => new Eraser(source).finish({ guildId: left, userId: WHOLE_GUILD }));
    while (!(await slow.next())!.includes('LOCK TABLE')) await slow.step(async () => false);
    await publisher.publish('guild.deleted', { guild_id: left, occurred_at: new Date().toISOString() });
    await publisher.publish('guild.snapshot', { guild_id: other, member_count: 5, occurred_at: Date.now() });
    const snapshots = () => system.count('guild_snapshots WHERE guild_id = $1', [other]);
    await waitFor(async () => (await snapshots()) === 1, { what: 'the next snapshot' });
    expect(await system.count('guild_settings WHERE guild_id = $1', [left])).toBe(0);
    expect(await system.count('erasures WHERE guild_id = $1', [left])).toBe(1);
    await slow.finish();
    expect(await system.count('statistic_events WHERE guild_id = $1', [left])).toBe(0);
    await source.destroy();

    // If no other process erases a guild, this process does it.
    const another = await openLargeGuild();
    await publisher.publish('guild.deleted', { guild_id: another, occurred_at: new Date().toISOString() });
    const remaining = () => system.count('statistic_events WHERE guild_id = $1', [another]);
    await waitFor(async () => (await remaining()) === 0, { what: 'the guild to be erased' });
    await waitFor(async () => (await system.count('erasures')) === 0, { what: 'the erasure to be finished' });
    await publisher.close();
    await ingestion.stop();
  });

  it('should log the guild that it erases', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'serverstats-'));
    const log = join(directory, 'erasures');
    const ingestion = await system.startIngestion({ env: { ERASURE_LOG: log } });
    const publisher = await system.connectPublisher();
    const guildId = await openLargeGuild(10);
    await publisher.publish('guild.deleted', { guild_id: guildId, occurred_at: new Date().toISOString() });
    const logged = () => readFile(log, 'utf8').then((text) => text.split('\n').filter((line) => line !== ''));
    await waitFor(async () => (await logged()).length > 0, { what: 'the log line' });
    const [line] = (await logged()).map((text) => JSON.parse(text) as Record<string, string>);
    expect(Object.keys(line!)).toEqual(['erased_at', 'guild_id', 'before']);
    expect(line!.guild_id).toBe(guildId);
    await publisher.close();
    await ingestion.stop();
    await rm(directory, { recursive: true });
  });

  /** Opens a guild with commands of user 7. */
  async function openLargeGuild(events = MANY): Promise<string> {
    const guildId = String((guilds += 1_001n));
    await system.openGuild(guildId, ['stats_command_usage']);
    await system.database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, user_id, label)
       SELECT $1, 1, now() - interval '1 hour' + n * interval '1 millisecond', gen_random_uuid(), 7, 'x'
       FROM generate_series(1, $2) n`,
      [guildId, events],
    );
    return guildId;
  }
});
