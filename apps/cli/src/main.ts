import 'reflect-metadata';
import { runProgram } from './run-program.js';

// A failed write rejects the promise of its caller. Without a listener it would also end the process.
process.stdout.on('error', () => undefined);

/** `npm run cli -- …`: the tool for operators. */
const exitCode = await runProgram(process.argv.slice(2));
// Without an explicit exit, Node 20 can wait forever when the broker has reset a connection: its own cleanup at exit
// (Environment::CleanupHandles) then waits at full CPU for a request that never completes. Output is flushed first.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
process.exit(exitCode);
