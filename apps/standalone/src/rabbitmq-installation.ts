import { constants } from 'node:fs';
import { access, open, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { StartupError } from './startup-error.js';

export interface RabbitmqInstallation {
  server: string;
  /** Erlang's port mapper daemon. */
  epmd: string;
}

/** More than the size of any of the scripts. */
const SCRIPT_BYTES = 64 * 1024;

/** The RabbitMQ on PATH, or at the given path. Undefined if there is none. */
export async function findRabbitmq(
  path = process.env.PATH ?? '',
  server?: string,
): Promise<RabbitmqInstallation | undefined> {
  const found = server ?? (await findOnPath('rabbitmq-server', path));
  if (found === undefined) return undefined;
  return { server: await behindWrapper(found), epmd: await findEpmd(path) };
}

/**
 * Debian's wrapper script changes to the user rabbitmq with `su` and loses the environment, which a private broker
 * needs. This returns the actual script behind the wrapper.
 */
async function behindWrapper(found: string): Promise<string> {
  const resolved = await realpath(found);
  if (await readsEnvironment(resolved)) return resolved;
  for (const candidate of [join(dirname(resolved), 'rabbitmq-server'), '/usr/lib/rabbitmq/bin/rabbitmq-server']) {
    if ((await isExecutable(candidate)) && (await readsEnvironment(candidate))) return await realpath(candidate);
  }
  return resolved;
}

/** Every actual rabbitmq-server script sources this file in its directory. */
async function readsEnvironment(script: string): Promise<boolean> {
  const file = await open(script, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SCRIPT_BYTES), 0, SCRIPT_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead).includes('/rabbitmq-env"');
  } finally {
    await file.close();
  }
}

async function findEpmd(path: string): Promise<string> {
  const onPath = await findOnPath('epmd', path);
  if (onPath) return onPath;
  const erl = await findOnPath('erl', path);
  const nextToErl = erl && join(dirname(await realpath(erl)), 'epmd');
  if (nextToErl && (await isExecutable(nextToErl))) return nextToErl;
  throw new StartupError(
    'rabbitmq-server is on PATH but its Erlang (erl, epmd) is not: add its bin directory to PATH, or set RABBITMQ_URL',
  );
}

async function findOnPath(program: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter(Boolean)) {
    const candidate = join(directory, program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
