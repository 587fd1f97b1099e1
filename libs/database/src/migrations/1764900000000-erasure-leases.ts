import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Leases of erasures. Session-level locks would not work behind a pooler. */
export class ErasureLeases1764900000000 implements MigrationInterface {
  readonly name = 'ErasureLeases1764900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE erasure_leases (
        guild_id bigint NOT NULL,
        user_id bigint NOT NULL,
        holder uuid NOT NULL,
        taken_at timestamptz NOT NULL,
        held_until timestamptz NOT NULL,
        PRIMARY KEY (guild_id, user_id)
      )`);
    await runner.query(`
      COMMENT ON TABLE erasure_leases IS
        'erasures that a process is working on; after held_until another one may take them over'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE erasure_leases`);
  }
}
