import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The periods in which the module and each switch were on. For what is on already, the start is unknown: the module's
 * period begins when it was enabled, those of switches at the last change of settings.
 */
export class CollectionPeriods1764200000000 implements MigrationInterface {
  readonly name = 'CollectionPeriods1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE collection_periods (
        guild_id bigint NOT NULL,
        name text NOT NULL,
        began_at timestamptz(3) NOT NULL,
        ended_at timestamptz(3),
        PRIMARY KEY (guild_id, name, began_at)
      )`);
    await runner.query(`
      COMMENT ON TABLE collection_periods IS
        'when a switch, or the module (name: module), was on in a guild; one without an end is on now'`);
    await runner.query(`
      INSERT INTO collection_periods (guild_id, name, began_at)
      SELECT guild_id, 'module', enabled_at FROM guild_settings WHERE enabled
      UNION
      SELECT guild_id, unnest(switches), updated_at FROM guild_settings`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE collection_periods`);
  }
}
