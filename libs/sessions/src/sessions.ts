import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ApiKey, BrowserSession } from '#libs/database';
import { hashSessionSecret } from './session-secret.js';

/** The longest life of a session, in milliseconds. */
export const LONGEST_SESSION_MS = 7 * 86_400_000;

/** The maximum number of sessions of one key. The oldest one ends when another begins. */
export const MAX_SESSIONS_PER_KEY = 50;

/** Expired sessions that are deleted when a session begins. More than one, so that they become fewer. */
const EXPIRED_PER_START = 100;

/** What began a session. */
export type SessionOrigin =
  | { apiKeyId: string }
  | { serviceKeyHash: Buffer }
  | {
      /** See `sealLogin`. */
      sealedLogin: Buffer;
    };

export interface NewSession {
  /** The secret of the cookie. */
  secret: string;
  origin: SessionOrigin;
  /** @defaultValue in {@link LONGEST_SESSION_MS} */
  expiresAt?: Date;
}

/** A session and, if one began it, its API key. */
export interface FoundSession {
  session: BrowserSession;
  apiKey: ApiKey | null;
}

/** Begins a session, in one transaction. Sessions that have expired are deleted, and the oldest ones of a key end. */
export function beginSession(manager: EntityManager, { secret, origin, expiresAt }: NewSession): Promise<void> {
  return manager.transaction(async (transaction) => {
    const createdAt = new Date();
    await deleteExpired(transaction, createdAt);
    const session: BrowserSession = {
      id: randomUUID(),
      secretHash: hashSessionSecret(secret),
      apiKeyId: 'apiKeyId' in origin ? origin.apiKeyId : null,
      serviceKeyHash: 'serviceKeyHash' in origin ? origin.serviceKeyHash : null,
      sealedLogin: 'sealedLogin' in origin ? origin.sealedLogin : null,
      createdAt,
      expiresAt: expiresAt ?? new Date(createdAt.getTime() + LONGEST_SESSION_MS),
    };
    await transaction.getRepository(BrowserSession).insert(session);
    await endOldest(transaction, session);
  });
}

/** Finds a session by its secret. @returns null if there is none, or if it has expired */
export async function findSession(manager: EntityManager, secret: string): Promise<FoundSession | null> {
  const session = await manager.getRepository(BrowserSession).findOneBy({ secretHash: hashSessionSecret(secret) });
  if (session === null || session.expiresAt.getTime() <= Date.now()) return null;
  if (session.apiKeyId === null) return { session, apiKey: null };
  const apiKey = await manager.getRepository(ApiKey).findOneBy({ id: session.apiKeyId });
  return apiKey === null ? null : { session, apiKey };
}

/** Ends a session. It may have ended already. */
export async function endSession(manager: EntityManager, id: string): Promise<void> {
  await manager.getRepository(BrowserSession).delete({ id });
}

async function deleteExpired(manager: EntityManager, now: Date): Promise<void> {
  await manager.query(
    `DELETE FROM browser_sessions WHERE id IN (
       SELECT id FROM browser_sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [now, EXPIRED_PER_START],
  );
}

/** A login with Discord needs none of this: Discord limits how often somebody logs in. */
async function endOldest(manager: EntityManager, { apiKeyId, serviceKeyHash }: BrowserSession): Promise<void> {
  if (apiKeyId === null && serviceKeyHash === null) return;
  await manager.query(
    `DELETE FROM browser_sessions WHERE id IN (
       SELECT id FROM browser_sessions WHERE ${apiKeyId === null ? 'service_key_hash' : 'api_key_id'} = $1
       ORDER BY created_at DESC, id OFFSET $2)`,
    [apiKeyId ?? serviceKeyHash, MAX_SESSIONS_PER_KEY],
  );
}
