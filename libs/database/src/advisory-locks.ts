/**
 * The first key of every advisory lock this system takes; the second is free within the class.
 * They are far from what other programs in the same database are likely to use.
 */
export const ADVISORY_LOCK_CLASSES = {
  /** Second key: a stripe of guilds. */
  stripe: 0x53_74_01,
  /** Second key: 0. Held while migrations run. */
  migrations: 0x53_74_02,
  /** Second key: 0. Held while partitions are made and dropped. */
  partitions: 0x53_74_03,
  /** Second key: a stripe. Held by the rollup worker that works on it. */
  rollupWorker: 0x53_74_04,
  /** Second key: of a guild and a user. Held by who erases, from the first step to the last. */
  erasure: 0x53_74_05,
} as const;
