import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A login in a browser. Exactly one of the three origins is set. It ends with its API key (by a foreign key), with the
 * service key, or when it expires.
 */
@Entity({ name: 'browser_sessions' })
export class BrowserSession {
  @PrimaryColumn('uuid')
  id: string;

  /** SHA-256 of the secret in the cookie. The secret itself is not stored. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash: Buffer;

  /** The API key that began the session. */
  @Column('uuid', { name: 'api_key_id', nullable: true })
  apiKeyId: string | null;

  /** SHA-256 of the service key that began the session. */
  @Column('bytea', { name: 'service_key_hash', nullable: true })
  serviceKeyHash: Buffer | null;

  /** User and token of a Discord login, encrypted with a key that only the cookie and the client secret give. */
  @Column('bytea', { name: 'sealed_login', nullable: true })
  sealedLogin: Buffer | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'expires_at', precision: 3 })
  expiresAt: Date;
}
