/**
 * The first key of every advisory lock that this system takes. The second key is chosen within the class.
 * The values are unlikely to collide with the locks of other programs in the same database.
 *
 * All locks are transaction-level. Behind a pooler, a session-level lock would pass to the session's next client.
 */
export const ADVISORY_LOCK_CLASSES = {
  /** Second key: a stripe of guilds. */
  stripe: 0x53_74_01,
  /** Second key: 0. Held while migrations run. */
  migrations: 0x53_74_02,
  /** Second key: 0. Held while partitions are created and dropped. */
  partitions: 0x53_74_03,
  /** Second key: a stripe. Held by the rollup worker while it moves stale marks of the stripe or computes buckets. */
  rollupWorker: 0x53_74_04,
  /** Second key: 0. Held while a service stores its kinds and gives new ones their numbers. */
  kinds: 0x53_74_05,
} as const;
