const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Under npm, one Ctrl-C arrives twice: from the terminal, and forwarded by npm. */
const SAME_KEYSTROKE_MS = 1_000;
const PARENT_CHECK_MS = 500;

export interface StopSignals {
  /** Aborted by the first signal. */
  requested: AbortSignal;
  /** Resolves at the second signal, which requests an immediate stop. */
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
 * npm runs scripts through a shell. A shell that does not forward SIGTERM ends and leaves this process running, which
 * then has another parent.
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
