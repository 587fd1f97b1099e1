import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markerOf } from '../../apps/standalone/src/data-directory.js';
import { endLeftovers } from '../../apps/standalone/src/leftover-processes.js';
import { findProcesses } from '../../apps/standalone/src/running-processes.js';
import { waitFor } from '../harness/wait-for.js';

const REPOSITORY = process.cwd();
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const GUILD_ID = '9007199254740993';

/** A PATH with only Node on it, so that everything embedded is used and there is no broker. */
export class BareMachine {
  private constructor(
    private readonly root: string,
    readonly path: string,
  ) {}

  static async create(): Promise<BareMachine> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'serverstats-bare-')));
    await symlink(process.execPath, join(root, 'node'));
    return new BareMachine(root, root);
  }

  dispose(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}

/** A DATA_DIR, and the processes that use it. */
export class Installation {
  private readonly starts: StandaloneProcess[] = [];

  private constructor(
    readonly parent: string,
    private readonly path: string,
  ) {}

  /**
   * @param path the PATH of its processes
   * @param options.closed in a folder that other users cannot enter. @defaultValue false
   */
  static async create(path: string, { closed = false } = {}): Promise<Installation> {
    const parent = await realpath(await mkdtemp(join(tmpdir(), 'serverstats-standalone-')));
    await chmod(parent, closed ? 0o700 : 0o755);
    return new Installation(parent, path);
  }

  get dataDirectory(): string {
    return join(this.parent, 'data');
  }

  start(env: Record<string, string> = {}, command = [process.execPath, join(REPOSITORY, 'scripts/start.mjs')]) {
    const [program, ...args] = command as [string, ...string[]];
    const child = spawn(program, args, {
      // npm needs the repository. Other commands run in a folder without a developer's .env.
      cwd: program === 'npm' ? REPOSITORY : this.parent,
      env: {
        PATH: this.path,
        HOME: this.parent,
        DATA_DIR: this.dataDirectory,
        QUERY_PORT: '0',
        INGESTION_PORT: '0',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new StandaloneProcess(child, this.dataDirectory);
    this.starts.push(started);
    return started;
  }

  async startAndWait(): Promise<StandaloneProcess> {
    const standalone = this.start();
    await standalone.isRunning();
    return standalone;
  }

  /** The servers that run for this installation. */
  servers() {
    return findProcesses(markerOf(this.dataDirectory));
  }

  async dispose(): Promise<void> {
    for (const standalone of this.starts) await standalone.kill();
    await endLeftovers({ what: 'A server of the test', marker: markerOf(this.dataDirectory), steps: [] });
    const outside = await this.clusterOutside();
    if (outside) await rm(outside, { recursive: true, force: true });
    await rm(this.parent, { recursive: true, force: true });
  }

  /** The database directory outside of DATA_DIR, used if the user that Postgres runs as cannot enter DATA_DIR. */
  async clusterOutside(): Promise<string | undefined> {
    const remembered = await readFile(join(this.dataDirectory, 'postgres.json'), 'utf8').catch(() => '{}');
    return (JSON.parse(remembered) as { outside?: string }).outside;
  }
}

export class StandaloneProcess {
  private written = '';
  private readonly exited: Promise<unknown>;

  constructor(
    readonly child: ChildProcess,
    private readonly dataDirectory: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.written += chunk.toString()));
    }
    this.exited = once(child, 'close');
  }

  get output(): string {
    return this.written;
  }

  get curlLine(): string {
    return this.fromBlock(/^\s*Try\s+(curl .*)$/m);
  }

  get amqpUrl(): string {
    return this.fromBlock(/^\s*Bots publish to\s+(amqp:\S+)$/m);
  }

  /** The first word of a row of the blocks that it printed. */
  row(label: string): string {
    return this.fromBlock(new RegExp(`^\\s*${label}\\s+(\\S+)`, 'm'));
  }

  /** Waits for the start block, which is printed when everything runs. */
  async isRunning(): Promise<void> {
    await this.hasWritten(/^\s*Stop\s+Ctrl-C$/m);
  }

  async hasWritten(text: RegExp, timeoutMs = START_TIMEOUT_MS): Promise<void> {
    await waitFor(
      () => {
        if (text.test(this.written)) return true;
        if (this.hasEnded) throw new Error(`standalone exited with ${this.child.exitCode}`);
        return false;
      },
      { what: `standalone to write ${text}`, timeoutMs },
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.written}`);
    });
  }

  /** Waits for the exit, at most as long as a stop may take. @returns the exit code */
  async ends(): Promise<number | null> {
    await waitFor(() => this.hasEnded, { what: 'standalone to end', timeoutMs: STOP_TIMEOUT_MS }).catch(
      (error: Error) => {
        throw new Error(`${error.message}\n${this.written}`);
      },
    );
    await this.exited;
    return this.child.exitCode;
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ends();
  }

  async kill(): Promise<void> {
    if (!this.hasEnded) this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Records a used command over HTTP. */
  async recordCommand(command: string): Promise<void> {
    await this.call('POST', 'enable', { guild_id: GUILD_ID });
    await this.call('PATCH', 'settings', { guild_id: GUILD_ID, stats_command_usage: true });
    await this.call('POST', 'stats/command/check', { guild_id: GUILD_ID, command });
  }

  /** Waits until at least this many commands are recorded, and returns them. */
  recordedCommands(count: number): Promise<string[]> {
    return waitFor(
      async () => {
        const records = (await this.call('GET', `stats/command/view?guild_id=${GUILD_ID}`)) as { command: string }[];
        return records.length >= count && records.map(({ command }) => command).sort();
      },
      { what: `${count} recorded commands` },
    ) as Promise<string[]>;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async call(method: string, route: string, body?: object): Promise<unknown> {
    const url = this.fromBlock(/^\s*URL\s+(http:\S+)$/m);
    const key = (await readFile(join(this.dataDirectory, 'service-key'), 'utf8')).trim();
    const response = await fetch(`${url}/modules/serverstats/${route}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const answer = (await response.json()) as { success: boolean; data: unknown; error: { name?: string } };
    // The module stays enabled after an earlier start of the installation.
    if (answer.success || answer.error.name === 'ModuleEnabledError') return answer.data;
    throw new Error(`${method} ${route}: ${JSON.stringify(answer.error)}`);
  }

  private fromBlock(pattern: RegExp): string {
    const found = pattern.exec(this.written)?.[1];
    if (found === undefined) throw new Error(`the start block lacks ${pattern}:\n${this.written}`);
    return found;
  }
}
