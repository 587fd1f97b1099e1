import type { MigrationInterface, QueryRunner } from 'typeorm';

/** API keys. They are looked up by the hash of their secret. Erasing a guild does not delete its keys. */
export class ApiKeys1764400000000 implements MigrationInterface {
  readonly name = 'ApiKeys1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_keys (
        id uuid PRIMARY KEY,
        guild_id bigint NOT NULL,
        name text NOT NULL,
        access text NOT NULL CHECK (access IN ('read', 'write')),
        prefix text NOT NULL,
        secret_hash bytea NOT NULL,
        created_at timestamptz(3) NOT NULL,
        last_used_at timestamptz(3)
      )`);
    await runner.query(`CREATE UNIQUE INDEX api_keys_by_secret ON api_keys (secret_hash)`);
    await runner.query(`CREATE INDEX api_keys_by_guild ON api_keys (guild_id)`);
    await runner.query(`COMMENT ON COLUMN api_keys.secret_hash IS 'SHA-256; the secret itself is stored nowhere'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE api_keys`);
  }
}
