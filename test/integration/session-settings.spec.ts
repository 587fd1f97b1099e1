import { randomUUID } from 'node:crypto';
import { createDataSource } from '#libs/database';
import type { ApiClient } from '../harness/api-client.js';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { setForDatabase, applyUnusualSettings } from '../harness/unusual-settings.js';
import { waitFor } from '../harness/wait-for.js';

const HOUR_MS = 3_600_000;

describe('on a database with unusual settings', () => {
  let system: TestSystem;
  let ingestion: ServiceProcess;
  let api: ApiClient;
  let publisher: Publisher;
  let guilds = 1_500_000_000_000_000_000n;
  let guildId: string;

  beforeAll(async () => {
    system = await TestSystem.create();
    await applyUnusualSettings(system.database);
    ingestion = await system.startIngestion();
    ({ api } = await system.startQuery());
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await system.close();
  });
  beforeEach(async () => {
    guildId = String((guilds += 1_001n));
    await api.openGuild(guildId);
  });

  it('should leave no events of a guild that is deleted while its events are stored', async () => {
    const left: number[] = [];
    for (let round = 0; round < 5; round++) {
      const guild = String((guilds += 1_001n));
      await api.openGuild(guild);
      const handled = await system.eventsHandled();
      const sent: Promise<void>[] = [];
      for (let batch = 0; batch < 10; batch++) {
        sent.push(publisher.publish('command.used', JSON.stringify(Array.from({ length: 800 }, () => anEvent(guild)))));
        if (batch === 5) sent.push(publisher.publish('guild.deleted', { guild_id: guild, occurred_at: Date.now() }));
      }
      await Promise.all(sent);
      await system.untilHandled(handled + 8_000);
      await waitFor(async () => (await system.count('guild_settings WHERE guild_id = $1', [guild])) === 0, {
        what: 'the guild to be deleted',
      });
      left.push(await system.count('statistic_events WHERE guild_id = $1', [guild]));
    }
    expect(left).toEqual([0, 0, 0, 0, 0]);
  });

  it('should answer concurrent changes of settings', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api.send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: index % 2 === 0 }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it('should compute rollups, and answer summaries and collection from them', async () => {
    const occurredAt = Date.now() - 2 * HOUR_MS;
    await publisher.publish('command.used', [anEvent(guildId, occurredAt), anEvent(guildId, occurredAt)]);
    const totals = () => system.count('statistic_totals WHERE guild_id = $1 AND event_count = 2', [guildId]);
    await waitFor(async () => (await totals()) === 1, { what: 'the rollup' });
    expect(await api.get('stats/command/summary', { guild_id: guildId })).toMatchObject({
      status: 200,
      data: { total: 2 },
    });
    const collection = await api.get('stats/collection', { guild_id: guildId });
    expect(collection.status).toBe(200);
    expect((await api.get('settings', { guild_id: guildId })).status).toBe(200);
  });

  it.each(['service', 'migration'] as const)('should override them in the sessions of a %s', async (sessionUse) => {
    expect(await settingsOf(sessionUse)).toMatchObject({
      default_transaction_isolation: 'read committed',
      DateStyle: 'ISO, MDY',
      IntervalStyle: 'postgres',
      TimeZone: 'UTC',
      array_nulls: 'on',
      bytea_output: 'hex',
      standard_conforming_strings: 'on',
      plan_cache_mode: 'force_custom_plan',
      synchronous_commit: 'on',
      idle_session_timeout: '0',
      search_path: 'public',
    });
  });

  it('should keep a stronger synchronous_commit of the operator, and timeouts except in migrations', async () => {
    await applyUnusualSettings(system.database, { synchronous_commit: 'remote_apply', statement_timeout: '50s' });
    expect(await settingsOf('service')).toMatchObject({
      synchronous_commit: 'remote_apply',
      statement_timeout: '50000',
    });
    expect(await settingsOf('migration')).toMatchObject({ synchronous_commit: 'remote_apply', statement_timeout: '0' });
    await applyUnusualSettings(system.database, { synchronous_commit: 'local', statement_timeout: '0' });
    expect(await settingsOf('service')).toMatchObject({ synchronous_commit: 'on' });
  });

  it('should make ingestion unready while it is read-only, and lose no events meanwhile', async () => {
    const { database } = system;
    const readiness = async () => (await fetch(`${ingestion.url}/readyz`)).status;
    await setForDatabase(database, 'default_transaction_read_only', 'on');
    await endSessions();
    await waitFor(async () => (await readiness()) === 503, { what: 'ingestion to be unready' });
    expect((await api.send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: true })).status).toBe(503);
    expect((await api.get('settings', { guild_id: guildId })).status).toBe(200);
    const sent = Array.from({ length: 4 }, () => publisher.publish('command.used', anEvent(guildId)));
    await Promise.all(sent);
    // The current sessions stay read-only.
    await setForDatabase(database, 'default_transaction_read_only', 'off');
    await waitFor(async () => (await readiness()) === 200, { what: 'ingestion to be ready' });
    await waitFor(async () => (await system.count('statistic_events WHERE guild_id = $1', [guildId])) === 4, {
      what: 'the events',
    });
    const changes: number[] = [];
    while (changes.length < 3) {
      changes.push((await api.send('PATCH', 'settings', { guild_id: guildId, stats_command_usage: true })).status);
    }
    // At most one request meets a read-only session.
    expect(changes.slice(1)).toEqual([200, 200]);
  });

  function anEvent(guild: string, occurredAt = Date.now()): object {
    return {
      guild_id: guild,
      user_id: '7',
      command: 'x',
      occurred_at: new Date(occurredAt).toISOString(),
      event_id: randomUUID(),
    };
  }

  async function settingsOf(sessionUse: 'service' | 'migration'): Promise<Record<string, string>> {
    const options = { url: system.database.url, poolSize: 1, applicationName: 'test', sessionUse };
    const dataSource = await createDataSource(options).initialize();
    try {
      const rows = await dataSource.query<{ name: string; setting: string }[]>('SELECT name, setting FROM pg_settings');
      return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    } finally {
      await dataSource.destroy();
    }
  }

  async function endSessions(): Promise<void> {
    await system.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'serverstats-%'`,
    );
  }
});
