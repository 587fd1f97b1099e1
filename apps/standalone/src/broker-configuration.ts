import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from './private-file.js';

export interface BrokerSettings {
  /** Absolute path. The broker reads and writes only here. */
  directory: string;
  user: string;
  password: string;
  vhosts: readonly string[];
  amqpPort: number;
  distributionPort: number;
  epmdPort: number;
  /** Part of the broker's command line, so that a later start recognizes leftover processes. */
  marker: string;
}

/**
 * Fixed, because the broker's database depends on the node name. A separate epmd prevents conflicts with other nodes.
 */
const NODE_NAME = 'serverstats@localhost';

/**
 * Writes the broker's configuration. @returns an environment in which it uses only this and not the system's
 * configuration
 */
export async function configureBroker(settings: BrokerSettings): Promise<NodeJS.ProcessEnv> {
  const file = (name: string) => join(settings.directory, name);
  // Erlang stores its cookie in HOME, and refuses a cookie that others can read.
  await mkdir(file('home'), { recursive: true, mode: 0o700 });
  await writePrivateFile(file('definitions.json'), JSON.stringify(definitions(settings)));
  await writePrivateFile(file('rabbitmq.conf'), configuration(settings, file('definitions.json')));
  await writePrivateFile(file('enabled_plugins'), '[].\n');
  await writePrivateFile(file('rabbitmq-env.conf'), '');

  return {
    ...withoutErlangVariables(process.env),
    HOME: file('home'),
    ERL_EPMD_PORT: String(settings.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: NODE_NAME,
    RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: file('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: file('rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
    RABBITMQ_MNESIA_BASE: file('mnesia'),
    RABBITMQ_PLUGINS_EXPAND_DIR: file('plugins-expand'),
    RABBITMQ_LOG_BASE: file('log'),
    ERL_CRASH_DUMP: file('erl_crash.dump'),
    RABBITMQ_PID_FILE: file('rabbitmq.pid'),
    RABBITMQ_DIST_PORT: String(settings.distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
      // Two schedulers are enough on a machine that also runs everything else.
      '+S 2:2',
      '-kernel inet_dist_use_interface {127,0,0,1}',
      // Erlang ignores unknown flags. They are visible in the command line.
      `-serverstats ${settings.marker}`,
    ].join(' '),
    // Makes the script exec the broker, so that signals reach the broker itself.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

function configuration({ amqpPort }: BrokerSettings, definitionsFile: string): string {
  return [
    `listeners.tcp.local = 127.0.0.1:${amqpPort}`,
    `load_definitions = ${definitionsFile}`,
    'loopback_users.guest = true',
    'log.console = false',
    'log.file.level = warning',
    'log.file.rotation.size = 10485760',
    'log.file.rotation.count = 1',
    'vm_memory_high_watermark.relative = 0.25',
    '',
  ].join('\n');
}

/** Imported at each start, so that the stored password is always valid. Replaces the default user `guest`. */
function definitions({ user, password, vhosts }: BrokerSettings): object {
  return {
    users: [
      {
        name: user,
        password_hash: saltedHash(password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: ['administrator'],
      },
    ],
    vhosts: vhosts.map((name) => ({ name })),
    permissions: vhosts.map((vhost) => ({ user, vhost, configure: '.*', write: '.*', read: '.*' })),
  };
}

/** RabbitMQ's format: base64 of the salt, followed by the SHA-256 of salt and password. */
function saltedHash(password: string): string {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password, 'utf8').digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

function withoutErlangVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(RABBITMQ_|ERL_|NOTIFY_SOCKET$|SYS_PREFIX$|CONF_ENV_FILE$)/.test(name)),
  );
}
