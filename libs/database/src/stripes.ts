import type { EntityManager } from 'typeorm';
import { ADVISORY_LOCK_CLASSES } from './advisory-locks.js';

/** How many advisory locks the guilds share. Changing it needs all services stopped. */
export const STRIPE_COUNT = 64;

/** The stripe (0 to 63) of a guild: 64 divides a million, so the last six digits tell. */
export function stripeOf(guildId: string): number {
  return Number(guildId.slice(-6)) % STRIPE_COUNT;
}

/**
 * Takes the shared locks of these guilds' stripes until the transaction ends, in a statement of its own: what the
 * transaction reads afterwards is not older than any change made under an exclusive lock that was waited for.
 */
export async function lockStripesShared(manager: EntityManager, guildIds: Iterable<string>): Promise<void> {
  await manager.query(lockStripesSharedSql(guildIds));
}

/** As {@link lockStripe} for several guilds: in one order, so that two who do so never wait for each other. */
export async function lockStripes(manager: EntityManager, guildIds: Iterable<string>): Promise<void> {
  const stripes = [...new Set(Array.from(guildIds, stripeOf))].toSorted((a, b) => a - b);
  for (const stripe of stripes) await lockStripeByNumber(manager, stripe);
}

/** The same as a statement, for whoever sends it together with others. */
export function lockStripesSharedSql(guildIds: Iterable<string>): string {
  const stripes = [...new Set(Array.from(guildIds, stripeOf))].toSorted((a, b) => a - b);
  return `SELECT pg_advisory_xact_lock_shared(${ADVISORY_LOCK_CLASSES.stripe}, stripe) FROM unnest('{${stripes.join(',')}}'::int[]) AS stripe`;
}

/**
 * Takes the exclusive lock of the guild's stripe until the transaction ends: no event of the guild is being written
 * meanwhile, and those written later see what this transaction did.
 */
export function lockStripe(manager: EntityManager, guildId: string): Promise<void> {
  return lockStripeByNumber(manager, stripeOf(guildId));
}

/** The same for a stripe (0 to 63) as such. */
export async function lockStripeByNumber(manager: EntityManager, stripe: number): Promise<void> {
  await manager.query(`SELECT pg_advisory_xact_lock($1, $2)`, [ADVISORY_LOCK_CLASSES.stripe, stripe]);
}
