/** A server that standalone started because no variable names one. */
export interface EmbeddedServer {
  url: string;
  /** Resolves with one line about it should the server end, by itself or asked to. */
  ended: Promise<string>;
  /** In order, with deadlines. */
  stop(): Promise<void>;
  /** Within a second; the next start recovers. */
  stopAtOnce(): Promise<void>;
}

export interface StartOptions {
  /** Ends a start in progress. */
  stopRequested: AbortSignal;
  say: (line: string) => void;
}
