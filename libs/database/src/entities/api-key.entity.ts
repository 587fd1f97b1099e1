import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a key may do in its guild: `read` allows GET only. */
export const API_KEY_ACCESS = ['read', 'write'] as const;

export type ApiKeyAccess = (typeof API_KEY_ACCESS)[number];

/** An API key for one guild. Revoking a key deletes its row. */
@Entity({ name: 'api_keys' })
export class ApiKey {
  @PrimaryColumn('uuid')
  id: string;

  @Column('bigint', { name: 'guild_id' })
  guildId: string;

  /** A description for people. */
  @Column('text')
  name: string;

  @Column('text')
  access: ApiKeyAccess;

  /** The first characters of the secret, so that people can identify it. */
  @Column('text')
  prefix: string;

  /** SHA-256 of the secret. The secret itself is not stored. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash: Buffer;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;

  /** Up to some seconds late, because uses are written in batches. */
  @Column({ type: 'timestamptz', name: 'last_used_at', precision: 3, nullable: true })
  lastUsedAt: Date | null;
}
