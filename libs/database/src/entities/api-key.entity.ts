import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a key may do in its guild: `read` allows GET only. */
export const API_KEY_ACCESS = ['read', 'write'] as const;

export type ApiKeyAccess = (typeof API_KEY_ACCESS)[number];

/** A key to the API, made for one guild. A revoked key has no row. */
@Entity({ name: 'api_keys' })
export class ApiKey {
  @PrimaryColumn('uuid')
  id: string;

  @Column('bigint', { name: 'guild_id' })
  guildId: string;

  /** For people: what the key is for. */
  @Column('text')
  name: string;

  @Column('text')
  access: ApiKeyAccess;

  /** How the secret begins, so that people can tell which one they hold. */
  @Column('text')
  prefix: string;

  /** SHA-256 of the secret, which itself is stored nowhere. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash: Buffer;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;

  /** Some seconds late: uses are written together. */
  @Column({ type: 'timestamptz', name: 'last_used_at', precision: 3, nullable: true })
  lastUsedAt: Date | null;
}
