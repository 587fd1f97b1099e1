import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Unfinished erasures, which are too large for one transaction. */
export class Erasures1764300000000 implements MigrationInterface {
  readonly name = 'Erasures1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE erasures (
        guild_id bigint NOT NULL,
        user_id bigint NOT NULL,
        before timestamptz NOT NULL,
        begun_at timestamptz NOT NULL,
        events_by_kind jsonb NOT NULL,
        starboard_entries integer NOT NULL,
        position jsonb,
        PRIMARY KEY (guild_id, user_id)
      )`);
    await runner.query(`
      COMMENT ON TABLE erasures IS
        'unfinished: events of the user (0: of the whole guild) that occurred before that time are being erased; what was erased so far, and up to where'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE erasures`);
  }
}
