import type { EntityManager } from 'typeorm';
import { ADVISORY_LOCK_CLASSES } from './advisory-locks.js';

/** The number of stripes; see docs/storage.md. To change it, all services must be stopped. */
export const STRIPE_COUNT = 64;

/** The stripe (0 to 63) of a guild. 64 divides a million, so the last six digits are enough. */
export function stripeOf(guildId: string): number {
  return Number(guildId.slice(-6)) % STRIPE_COUNT;
}

/**
 * Takes the shared locks of these guilds' stripes until the transaction ends. It is a separate statement, so that later
 * statements of the transaction see everything that was committed under an exclusive lock before.
 */
export async function lockStripesShared(manager: EntityManager, guildIds: Iterable<string>): Promise<void> {
  await manager.query(lockStripesSharedSql(guildIds));
}

/** As {@link lockStripe} for several guilds. Stripes are locked in ascending order to prevent deadlocks. */
export async function lockStripes(manager: EntityManager, guildIds: Iterable<string>): Promise<void> {
  const stripes = [...new Set(Array.from(guildIds, stripeOf))].toSorted((a, b) => a - b);
  for (const stripe of stripes) await lockStripeByNumber(manager, stripe);
}

/** The statement of {@link lockStripesShared}, to be sent together with others. */
export function lockStripesSharedSql(guildIds: Iterable<string>): string {
  const stripes = [...new Set(Array.from(guildIds, stripeOf))].toSorted((a, b) => a - b);
  return `SELECT pg_advisory_xact_lock_shared(${ADVISORY_LOCK_CLASSES.stripe}, stripe) FROM unnest('{${stripes.join(',')}}'::int[]) AS stripe`;
}

/**
 * Takes the exclusive lock of the guild's stripe until the transaction ends. Meanwhile no event of the guild is
 * written, and transactions that write events later see the changes of this one.
 */
export function lockStripe(manager: EntityManager, guildId: string): Promise<void> {
  return lockStripeByNumber(manager, stripeOf(guildId));
}

/** As {@link lockStripe}, by the number of the stripe (0 to 63). */
export async function lockStripeByNumber(manager: EntityManager, stripe: number): Promise<void> {
  await manager.query(`SELECT pg_advisory_xact_lock($1, $2)`, [ADVISORY_LOCK_CLASSES.stripe, stripe]);
}
