import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from './wait-for.js';

/** A built service in its own process. */
export interface ServiceProcess {
  url: string;
  child: ChildProcess;
  /** The output so far. Only the end of it if it is very long. */
  output(): string;
  /** Sends SIGTERM and waits for the exit. @returns the exit code */
  stop(): Promise<number | null>;
  /** Sends SIGKILL and waits for the exit. */
  kill(): Promise<void>;
}

export const SERVICE_KEY = 'test-service-key-0123456789abcdefghij';

const START_TIMEOUT_MS = 120_000;
/** The number of characters of output that are kept. */
const MAX_OUTPUT = 32 * 1_048_576;

export interface ServiceEnvironment {
  databaseUrl: string;
  brokerUrl: string;
  /** Additional environment variables. */
  env?: Record<string, string>;
  /** How long the start may take, in milliseconds. @defaultValue 30 seconds */
  startTimeoutMs?: number;
  /** Whether to wait only until the process listens, and not until it is ready. @defaultValue false */
  listening?: boolean;
  /** The directory that contains dist. @defaultValue the working directory */
  directory?: string;
  /** The file that is started, relative to the directory. @defaultValue the bundle of the service */
  program?: string;
}

/** Starts the built query service on a free port and waits until it is ready. */
export function startQueryProcess(environment: ServiceEnvironment): Promise<ServiceProcess> {
  return startService('query', { ...environment, env: { SERVICE_KEY, QUERY_PORT: '0', ...environment.env } });
}

/** Starts the built ingestion service on a free port and waits until it is ready: all consumers are attached. */
export function startIngestionProcess(environment: ServiceEnvironment): Promise<ServiceProcess> {
  return startService('ingestion', { ...environment, env: { INGESTION_PORT: '0', ...environment.env } });
}

async function startService(name: string, options: ServiceEnvironment): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [options.program ?? `dist/${name}.js`], {
    cwd: options.directory,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: options.databaseUrl,
      RABBITMQ_URL: options.brokerUrl,
      LOG_FORMAT: 'json',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
    if (output.length > 2 * MAX_OUTPUT) output = output.slice(-MAX_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = once(child, 'exit');
  const service: ServiceProcess = {
    url: '',
    child,
    output: () => output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
  try {
    await waitFor(
      async () => {
        if (child.exitCode !== null) return true;
        service.url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '';
        if (service.url === '') return false;
        return options.listening === true || (await fetch(`${service.url}/readyz`)).status === 200;
      },
      { timeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS, what: `${name} to be ready` },
    );
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
  } catch (error) {
    await service.kill();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
  return service;
}
