import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sessions of browsers. They name no member: user and token of a Discord login are encrypted. */
export class BrowserSessions1766000000000 implements MigrationInterface {
  readonly name = 'BrowserSessions1766000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE browser_sessions (
        id uuid PRIMARY KEY,
        secret_hash bytea NOT NULL,
        api_key_id uuid REFERENCES api_keys ON DELETE CASCADE,
        service_key_hash bytea,
        sealed_login bytea,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CHECK (num_nonnulls(api_key_id, service_key_hash, sealed_login) = 1)
      )`);
    await runner.query(`CREATE UNIQUE INDEX browser_sessions_by_secret ON browser_sessions (secret_hash)`);
    await runner.query(
      `CREATE INDEX browser_sessions_by_api_key ON browser_sessions (api_key_id, created_at) WHERE api_key_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX browser_sessions_by_service_key ON browser_sessions (service_key_hash, created_at) WHERE service_key_hash IS NOT NULL`,
    );
    await runner.query(`CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at)`);
    await runner.query(
      `COMMENT ON COLUMN browser_sessions.secret_hash IS 'SHA-256; the secret itself is stored nowhere'`,
    );
    await runner.query(
      `COMMENT ON COLUMN browser_sessions.sealed_login IS 'AES-256-GCM; the key comes from the cookie and the client secret'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE browser_sessions`);
  }
}
