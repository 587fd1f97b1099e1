import type { DataSource } from 'typeorm';
import { createDataSource, migrateDatabase } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const COUNTERS = 'Counters1765500000000';
const SNAPSHOT_COUNTS = 'SnapshotCounts1765800000000';
const SNAPSHOT_DAYS = 'SnapshotDays1765810000000';
const RETENTION = { eventDays: 62, summaryDays: 400 };
const GUILD = '9223372036854775807';
const OTHER = '9007199254740993';

/** A database with the schema from before a migration. */
function beforeMigration(name: string) {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 3, applicationName: 'test' }).initialize();
    await undo();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.release();
  });

  const isRun = async () => (await query('SELECT FROM schema_migrations WHERE name = $1', [name])).length > 0;
  const undo = async () => {
    while (await isRun()) await dataSource.undoLastMigration();
  };
  const query: TestDatabase['query'] = (sql, parameters) => database.query(sql, parameters);
  return {
    url: () => database.url,
    query,
    undo,
    migrate: async () => expect(await migrateDatabase(dataSource, RETENTION)).toContain(name),
  };
}

/** Stores settings like the version before counters. @param channels of the three settings that name a channel */
const addGuildWith = (query: TestDatabase['query'], guildId: string, channels: (string | null)[]) =>
  query(
    `INSERT INTO guild_settings
       (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled,
        counter_panel_member_count_channel, counter_panel_online_member_count_channel,
        counter_panel_server_boost_number_channel)
     VALUES ($1, true, now(), now(), '{}', true, false, $2, $3, $4)`,
    [guildId, ...channels],
  );

describe('the migration to counters', () => {
  const { url, query, undo, migrate } = beforeMigration(COUNTERS);

  const addGuild = (guildId: string, channels: (string | null)[]) => addGuildWith(query, guildId, channels);
  const addPanel = (guildId: string, channelId: string, channelName: string, roleId: string) =>
    query('INSERT INTO counter_panels (guild_id, channel_id, channel_name, role_id) VALUES ($1, $2, $3, $4)', [
      guildId,
      channelId,
      channelName,
      roleId,
    ]);
  const counters = (guildId: string) =>
    query(
      `SELECT channel_id, type, source, channel_name, role_id FROM counters WHERE guild_id = $1
       ORDER BY channel_id, type`,
      [guildId],
    );
  const ofSetting = (channel_id: string, type: string) => ({
    channel_id,
    type,
    source: 'setting',
    channel_name: null,
    role_id: null,
  });
  const panel = (channel_id: string, channel_name: string, role_id: string) => ({
    channel_id,
    type: 'online_with_role',
    source: 'panel',
    channel_name,
    role_id,
  });

  it('moves the channels of the settings and the custom panels of the previous version', async () => {
    await addGuild(GUILD, ['11', '11', '12']);
    await addPanel(GUILD, '11', 'Admins', '77');
    await addPanel(GUILD, '13', 'Members: <value>', GUILD);
    await addGuild(OTHER, [null, '21', null]);
    await migrate();
    expect(await counters(GUILD)).toEqual([
      ofSetting('11', 'members'),
      ofSetting('11', 'online'),
      panel('11', 'Admins', '77'),
      ofSetting('12', 'boosts'),
      panel('13', 'Members: <value>', GUILD),
    ]);
    expect(await counters(OTHER)).toEqual([ofSetting('21', 'online')]);
  });

  it('can be undone', async () => {
    await addGuild(GUILD, ['11', null, '12']);
    await addPanel(GUILD, '13', 'Admins', '77');
    await migrate();
    await query(`UPDATE counters SET channel_id = 14 WHERE guild_id = $1 AND type = 'members'`, [GUILD]);
    await query(`DELETE FROM counters WHERE guild_id = $1 AND type = 'boosts'`, [GUILD]);
    await undo();
    expect(await query('SELECT * FROM guild_settings')).toMatchObject([
      {
        counter_panel_member_count_channel: '14',
        counter_panel_online_member_count_channel: null,
        counter_panel_server_boost_number_channel: null,
      },
    ]);
    expect(await query('SELECT * FROM counter_panels')).toEqual([
      { guild_id: GUILD, channel_id: '13', channel_name: 'Admins', role_id: '77' },
    ]);
  });

  it('keeps instances of the previous version working', async () => {
    await addGuild(GUILD, ['11', null, null]);
    await addPanel(GUILD, '13', 'Admins', '77');
    await migrate();
    // They read and write the old columns, and the old table of custom panels.
    await query('UPDATE guild_settings SET counter_panel_member_count_channel = 15 WHERE guild_id = $1', [GUILD]);
    await addPanel(GUILD, '16', 'Helpers', '78');
    await query('DELETE FROM counter_panels WHERE guild_id = $1 AND channel_id = 13', [GUILD]);
    expect(await query('SELECT * FROM counter_panels')).toEqual([
      { guild_id: GUILD, channel_id: '16', channel_name: 'Helpers', role_id: '78' },
    ]);
    expect(await counters(GUILD)).toEqual([ofSetting('11', 'members'), panel('16', 'Helpers', '78')]);
    await query('DELETE FROM guild_settings WHERE guild_id = $1', [GUILD]);
    expect(await counters(GUILD)).toEqual([]);
  });

  it('waits for a change by an instance of the previous version, and includes it', async () => {
    await addGuild(GUILD, ['11', null, null]);
    const old = await createDataSource({ url: url(), poolSize: 1, applicationName: 'old' }).initialize();
    const change = old.createQueryRunner();
    await change.startTransaction();
    await change.query('SELECT FROM guild_settings WHERE guild_id = $1', [GUILD]);
    await change.query('SELECT FROM counter_panels WHERE guild_id = $1', [GUILD]);
    const migrating = migrate();
    const waiting = () =>
      query(
        'SELECT FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database() WHERE NOT granted',
      );
    await waitFor(async () => (await waiting()).length > 0, { what: 'the migration to wait for a lock' });
    await change.query('UPDATE guild_settings SET counter_panel_member_count_channel = 15 WHERE guild_id = $1', [
      GUILD,
    ]);
    await change.commitTransaction();
    await old.destroy();
    await migrating;
    expect(await counters(GUILD)).toEqual([ofSetting('15', 'members')]);
  });
});

describe('the migration to counts of snapshots', () => {
  const { query, undo, migrate } = beforeMigration(SNAPSHOT_COUNTS);

  /** Stores a snapshot like the previous version. */
  const addSnapshot = (guildId: string, bucket: string, ...counts: (number | null)[]) =>
    query(
      `INSERT INTO guild_snapshots
         (guild_id, bucket, occurred_at, member_count, online_member_count, server_boost_count,
          online_role_member_counts)
       VALUES ($1, $2, $2, $3, $4, $5, '{"77": 3}')`,
      [guildId, bucket, ...counts],
    );
  const snapshots = () => query('SELECT * FROM guild_snapshots ORDER BY guild_id, bucket');
  const days = () => query('SELECT * FROM guild_snapshot_days ORDER BY guild_id, field, day');
  /** 16 bits for each 15-minute bucket of a day. @param values of some buckets; the others are 0 */
  const packed = (values: Record<number, number>) => {
    const bytes = Buffer.alloc(96 * 2);
    for (const [bucket, value] of Object.entries(values)) bytes.writeUInt16BE(value, Number(bucket) * 2);
    return bytes;
  };
  const [JANUARY, MARCH] = ['2026-01-31T23:45:00.000Z', '2026-03-01T00:00:00.000Z'];

  it('takes along the counts of all guilds and months, and can run again after it was interrupted', async () => {
    for (const guildId of [OTHER, GUILD]) await addGuildWith(query, guildId, [null, null, null]);
    await addSnapshot(OTHER, JANUARY, 0, null, 2);
    await addSnapshot(OTHER, MARCH, null, null, null);
    await addSnapshot(GUILD, MARCH, 2_147_483_647, 3, 1);
    const before = await snapshots();
    await migrate();
    await query('DELETE FROM schema_migrations WHERE name = ANY ($1)', [[SNAPSHOT_COUNTS, SNAPSHOT_DAYS]]);
    await query('UPDATE guild_snapshots SET counts = NULL WHERE guild_id = $1', [GUILD]);
    await migrate();
    const counts = [
      { member_count: 0, server_boost_count: 2 },
      {},
      { member_count: 2_147_483_647, online_member_count: 3, server_boost_count: 1 },
    ];
    expect(await snapshots()).toEqual(
      before.map((row, index) => ({ ...row, counts: counts[index], role_member_counts: null })),
    );
    expect(await days()).toEqual([
      { guild_id: OTHER, field: 'member_count', day: new Date('2026-01-31'), low: packed({ 95: 1 }), high: null },
      { guild_id: OTHER, field: 'server_boost_count', day: new Date('2026-01-31'), low: packed({ 95: 3 }), high: null },
      { guild_id: GUILD, field: 'member_count', day: new Date(MARCH), low: packed({}), high: packed({ 0: 32_768 }) },
      { guild_id: GUILD, field: 'online_member_count', day: new Date(MARCH), low: packed({ 0: 4 }), high: null },
      { guild_id: GUILD, field: 'server_boost_count', day: new Date(MARCH), low: packed({ 0: 2 }), high: null },
    ]);
    await undo();
    expect(await snapshots()).toEqual(before);
  });

  it('keeps instances of the previous version working', async () => {
    await addGuildWith(query, GUILD, [null, null, null]);
    await migrate();
    await addSnapshot(GUILD, MARCH, 5, 4, 3);
    expect(await snapshots()).toMatchObject([{ member_count: 5, counts: null }]);
  });
});
