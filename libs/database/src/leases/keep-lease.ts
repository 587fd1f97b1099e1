/**
 * Renews a lease again and again, until it is lost or the returned function is called. What keeps a renewal from the
 * database is left to the next one: the lease may still be held.
 *
 * @param renew false: somebody else has it
 * @param everyMs milliseconds between two renewals
 * @param onLost called once
 * @returns ends the renewing; resolves once no renewal is under way
 */
export function keepLease(renew: () => Promise<boolean>, everyMs: number, onLost: () => void): () => Promise<void> {
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
  return async () => {
    isOver = true;
    clearInterval(timer);
    await renewing;
  };
}
