import { StartupError } from './startup-error.js';

/** The first failure of a server or service. */
export interface Failure {
  /** Rejects with the failure. */
  happened: Promise<never>;
  /** The end of a server is a failure. During a stop it is ignored, because `happened` is no longer awaited. */
  watchServer(ended: Promise<string>): void;
  watchService(failed: Promise<never> | undefined): void;
}

/** Also listens for uncaught errors, which would end this process and leave its children running. */
export function listenForFailure(): Failure {
  let fail: (error: unknown) => void = () => undefined;
  const happened = new Promise<never>((_, reject) => (fail = reject));
  // A failure may happen before `happened` is awaited.
  happened.catch(() => undefined);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  return {
    happened,
    watchServer: (ended) => void ended.then((how) => fail(new StartupError(how))),
    watchService: (failed) => void failed?.catch(fail),
  };
}
