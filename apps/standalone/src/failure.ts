import { StartupError } from './startup-error.js';

/** The first thing that goes wrong by itself. */
export interface Failure {
  /** Rejects with it. */
  happened: Promise<never>;
  /** A server that ends counts, in words; during a stop nobody looks any more. */
  watchServer(ended: Promise<string>): void;
  watchService(failed: Promise<never> | undefined): void;
}

/** Also hears of errors that nobody caught, which would end this process and leave its children behind. */
export function listenForFailure(): Failure {
  let fail: (error: unknown) => void = () => undefined;
  const happened = new Promise<never>((_, reject) => (fail = reject));
  // Nobody may be waiting yet when it happens; whoever waits later learns of it still.
  happened.catch(() => undefined);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  return {
    happened,
    watchServer: (ended) => void ended.then((how) => fail(new StartupError(how))),
    watchService: (failed) => void failed?.catch(fail),
  };
}
