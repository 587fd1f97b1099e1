/** Runs the tests with Postgres and a private RabbitMQ. Arguments are passed to jest: `npm test -- libs/contracts`. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

await prepare();
const stop = new AbortController();
let jest;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stop.abort();
    jest?.kill(signal);
  });
}
process.exitCode = await runTests();

async function runTests() {
  const { startTestServices } = await import('./test-services.mjs');
  let services;
  try {
    services = await startTestServices(stop.signal);
    return await runJest({ ...process.env, ...services.variables });
  } catch (error) {
    if (!stop.signal.aborted) console.error(error.message);
    return 1;
  } finally {
    await services?.stop();
  }
}

async function runJest(env) {
  const directory = await mkdtemp(join(tmpdir(), 'serverstats-jest-'));
  const resultsFile = join(directory, 'results.json');
  try {
    const jestProgram = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const args = [jestProgram, '--json', `--outputFile=${resultsFile}`, ...process.argv.slice(2)];
    const code = await new Promise((resolve, reject) => {
      // Without the file, jest would print the results.
      jest = spawn(process.execPath, args, { cwd: root, env, stdio: ['inherit', 'ignore', 'inherit'] });
      jest.once('error', reject);
      jest.once('exit', (exitCode) => resolve(exitCode ?? 1));
    });
    const results = await readFile(resultsFile, 'utf8').catch(() => undefined);
    if (results) console.log(countsLine(JSON.parse(results)));
    return code;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A test file that could not be loaded counts as one failure. */
function countsLine({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, numTodoTests }) {
  const skipped = numPendingTests + numTodoTests;
  const counts = [`${numPassedTests} passed`, `${numFailedTests + numRuntimeErrorTestSuites} failed`];
  if (skipped > 0) counts.push(`${skipped} skipped`);
  return counts.join(', ');
}
