import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openDataDirectory } from '../../apps/standalone/src/data-directory.js';
import { startPrivateBroker } from '../../apps/standalone/src/private-broker.js';
import { findRabbitmq } from '../../apps/standalone/src/rabbitmq-installation.js';
import { type TestVhost, vhostAt } from './test-broker.js';
import { testVariable } from './test-variable.js';

const run = promisify(execFile);

/** A broker for one test file, because an alarm blocks publishers in all virtual hosts. */
export interface AlarmBroker {
  vhost(name: string): TestVhost;
  /** Resolves when the memory alarm is raised. Publishers are notified with their next message. */
  raiseAlarm(): Promise<void>;
  /** Does nothing if there is no alarm. */
  clearAlarm(): Promise<void>;
  /** Runs rabbitmqctl. */
  control(...args: string[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startAlarmBroker(vhosts: readonly string[]): Promise<AlarmBroker> {
  const installation = await findRabbitmq(process.env.PATH, testVariable('TEST_RABBITMQ_BIN'));
  if (installation === undefined) throw new Error('there is no rabbitmq-server');
  // scripts/test-services.mjs removes directories with this prefix if a run was killed.
  const directory = await openDataDirectory(await mkdtemp(join(tmpdir(), 'serverstats-test-')));
  const broker = await startPrivateBroker(directory, {
    installation,
    vhosts,
    preferredPort: 0,
    stopRequested: new AbortController().signal,
    say: () => undefined,
  });
  const control = async (...args: string[]) => {
    const program = join(dirname(installation.server), 'rabbitmqctl');
    await run(program, args, { env: broker.toolEnvironment });
  };
  let isAlarmed = false;
  return {
    vhost: (name) => vhostAt(broker.url, name),
    async raiseAlarm() {
      isAlarmed = true;
      await control('set_vm_memory_high_watermark', 'absolute', '1000000');
    },
    async clearAlarm() {
      // Each rabbitmqctl takes more than a second.
      if (isAlarmed) await control('set_vm_memory_high_watermark', '0.9');
      isAlarmed = false;
    },
    control,
    async stop() {
      await broker.stopAtOnce();
      await directory.release();
      await rm(directory.path, { recursive: true, force: true });
    },
  };
}
