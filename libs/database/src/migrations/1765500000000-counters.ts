import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One table for all channels that show a number: the three with a column in `guild_settings`, and the custom panels.
 *
 * Instances of the previous version may run at the same time. They use a view with the table's old name to read, add
 * and remove custom panels. Only they use the three columns, which are kept for them: they read the old values, and
 * values that they write are lost. If an old instance erases a guild, the foreign key deletes the guild's counters. A
 * later migration drops the columns and the view.
 */
export class Counters1765500000000 implements MigrationInterface {
  readonly name = 'Counters1765500000000';

  async up(runner: QueryRunner): Promise<void> {
    // Waits for changes of settings that are in progress, so that their rows are copied too. A change locks the panels
    // before the settings, so another order would deadlock.
    await runner.query(`LOCK TABLE counter_panels IN ACCESS EXCLUSIVE MODE`);
    await runner.query(`LOCK TABLE guild_settings IN SHARE ROW EXCLUSIVE MODE`);
    await runner.query(`ALTER TABLE counter_panels RENAME TO counters`);
    await runner.query(`
      ALTER TABLE counters
        ADD COLUMN type text NOT NULL DEFAULT 'online_with_role',
        ADD COLUMN source text NOT NULL DEFAULT 'panel' CHECK (source IN ('setting', 'panel')),
        ALTER COLUMN channel_name DROP NOT NULL,
        ALTER COLUMN role_id DROP NOT NULL`);
    await runner.query(
      `DELETE FROM counters c WHERE NOT EXISTS (SELECT FROM guild_settings s WHERE s.guild_id = c.guild_id)`,
    );
    await runner.query(`
      ALTER TABLE counters
        DROP CONSTRAINT counter_panels_pkey,
        ADD PRIMARY KEY (guild_id, channel_id, type),
        ADD FOREIGN KEY (guild_id) REFERENCES guild_settings (guild_id) ON DELETE CASCADE`);
    await runner.query(`
      COMMENT ON TABLE counters IS
        'channels whose name shows a number; type says which, source whether a settings field names the channel'`);
    await runner.query(`
      INSERT INTO counters (guild_id, channel_id, type, source)
      SELECT s.guild_id, named.channel_id, named.type, 'setting'
      FROM guild_settings s
      CROSS JOIN LATERAL (VALUES
        ('members', s.counter_panel_member_count_channel),
        ('online', s.counter_panel_online_member_count_channel),
        ('boosts', s.counter_panel_server_boost_number_channel)) AS named (type, channel_id)
      WHERE named.channel_id IS NOT NULL`);
    await runner.query(`
      CREATE VIEW counter_panels AS
        SELECT guild_id, channel_id, channel_name, role_id FROM counters WHERE source = 'panel'`);
    await runner.query(`
      COMMENT ON VIEW counter_panels IS 'the custom panels, for instances of the version before; to be dropped'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP VIEW counter_panels`);
    for (const [type, column] of [
      ['members', 'counter_panel_member_count_channel'],
      ['online', 'counter_panel_online_member_count_channel'],
      ['boosts', 'counter_panel_server_boost_number_channel'],
    ]) {
      await runner.query(`
        UPDATE guild_settings s SET ${column} = (
          SELECT channel_id FROM counters c
          WHERE c.guild_id = s.guild_id AND c.type = '${type}' AND c.source = 'setting')`);
    }
    await runner.query(`DELETE FROM counters WHERE source <> 'panel'`);
    await runner.query(`
      ALTER TABLE counters
        DROP CONSTRAINT counters_guild_id_fkey,
        DROP CONSTRAINT counters_pkey,
        DROP COLUMN type,
        DROP COLUMN source,
        ALTER COLUMN channel_name SET NOT NULL,
        ALTER COLUMN role_id SET NOT NULL,
        ADD CONSTRAINT counter_panels_pkey PRIMARY KEY (guild_id, channel_id)`);
    await runner.query(`ALTER TABLE counters RENAME TO counter_panels`);
  }
}
