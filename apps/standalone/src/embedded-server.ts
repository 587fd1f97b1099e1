/** A server that standalone starts because no variable names one. */
export interface EmbeddedServer {
  url: string;
  /** Resolves with one line about how the server has ended, whether it was stopped or not. */
  ended: Promise<string>;
  /** An orderly shutdown, with deadlines. */
  stop(): Promise<void>;
  /** An immediate shutdown, within a second. The next start recovers. */
  stopAtOnce(): Promise<void>;
}

export interface StartOptions {
  /** Aborts a start in progress. */
  stopRequested: AbortSignal;
  say: (line: string) => void;
}
