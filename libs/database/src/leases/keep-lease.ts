/** The periodic renewal of a lease. */
export interface LeaseRenewal {
  stop(): void;
  /** Resolves when no renewal is running. */
  settled(): Promise<void>;
}

/**
 * Renews a lease periodically until it is lost or the renewal is stopped. If a renewal fails, the next one tries again,
 * because the lease may still be held.
 *
 * @param renew resolves to false if another process holds the lease
 * @param everyMs milliseconds between two renewals
 * @param onLost called at most once
 */
export function keepLease(renew: () => Promise<boolean>, everyMs: number, onLost: () => void): LeaseRenewal {
  let renewing: Promise<void> | undefined;
  let isStopped = false;
  const timer = setInterval(() => {
    renewing ??= renew()
      .then((isHeld) => {
        if (isHeld || isStopped) return;
        clearInterval(timer);
        onLost();
      })
      .catch(() => undefined)
      .finally(() => (renewing = undefined));
  }, everyMs);
  return {
    stop: () => {
      isStopped = true;
      clearInterval(timer);
    },
    settled: async () => renewing,
  };
}
