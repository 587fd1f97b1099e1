/** A lease that is renewed again and again. */
export interface Renewing {
  stop(): void;
  /** Resolves once no renewal is under way. */
  settled(): Promise<void>;
}

/**
 * Renews a lease again and again, until it is lost or the renewing is stopped. What keeps a renewal from the database is
 * left to the next one: the lease may still be held.
 *
 * @param renew false: somebody else has it
 * @param everyMs milliseconds between two renewals
 * @param onLost called once
 */
export function keepLease(renew: () => Promise<boolean>, everyMs: number, onLost: () => void): Renewing {
  let renewing: Promise<void> | undefined;
  let isOver = false;
  const timer = setInterval(() => {
    renewing ??= renew()
      .then((isHeld) => {
        if (isHeld || isOver) return;
        clearInterval(timer);
        onLost();
      })
      .catch(() => undefined)
      .finally(() => (renewing = undefined));
  }, everyMs);
  return {
    stop: () => {
      isOver = true;
      clearInterval(timer);
    },
    settled: async () => renewing,
  };
}
