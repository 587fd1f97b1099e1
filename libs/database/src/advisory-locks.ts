/**
 * The first key of every advisory lock this system takes; the second is free within the class.
 * They are far from what other programs in the same database are likely to use.
 *
 * Every lock is a transaction's: behind a pooler that of a session would stay with whoever gets the session next.
 */
export const ADVISORY_LOCK_CLASSES = {
  /** Second key: a stripe of guilds. */
  stripe: 0x53_74_01,
  /** Second key: 0. Held while migrations run. */
  migrations: 0x53_74_02,
  /** Second key: 0. Held while partitions are made and dropped. */
  partitions: 0x53_74_03,
  /** Second key: a stripe. Held by the rollup worker that moves its marks, or computes its buckets. */
  rollupWorker: 0x53_74_04,
} as const;
