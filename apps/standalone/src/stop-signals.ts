const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A Ctrl-C arrives twice under npm: from the terminal, and passed on by npm. */
const SAME_KEYSTROKE_MS = 1_000;
const PARENT_CHECK_MS = 500;

export interface StopSignals {
  /** Aborted by the first signal. */
  requested: AbortSignal;
  /** Resolves with the second one, which is for the impatient. */
  insisted: Promise<void>;
}

/** Turns the signals of the terminal and of process managers into requests to stop. */
export function listenForStop(): StopSignals {
  const requested = new AbortController();
  let insist: () => void;
  const insisted = new Promise<void>((resolve) => (insist = resolve));
  let firstAt: number | undefined;

  const onSignal = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      requested.abort();
    } else if (Date.now() - firstAt > SAME_KEYSTROKE_MS) {
      insist();
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  stopWithNpm(onSignal);
  return { requested: requested.signal, insisted };
}

/**
 * npm runs scripts through a shell. One that does not pass on a SIGTERM dies of it and leaves us behind, to be found
 * only by our having another parent.
 */
function stopWithNpm(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}
