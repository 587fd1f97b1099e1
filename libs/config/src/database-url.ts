import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
const SESSION_ATTRIBUTES = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;

export type SslMode = (typeof SSL_MODES)[number];
/** The role that a server must have. */
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

export interface DatabaseHost {
  /** A name, an address or the directory of a Unix socket; undefined for the default of the driver. */
  host?: string;
  port: number;
}

/** Options that node-postgres passes to `tls.connect`. */
export interface TlsOptions {
  rejectUnauthorized?: boolean;
  ca?: string;
  cert?: string;
  key?: string;
  passphrase?: string;
  /** Set if the host name in the certificate is not checked. */
  checkServerIdentity?: () => undefined;
}

/** A parsed database URL, with the semantics of libpq. */
export interface DatabaseTarget {
  /** Tried in this order. */
  hosts: DatabaseHost[];
  user?: string;
  password?: string;
  database?: string;
  /** Undefined if the URL has none: then TLS is not used. */
  sslMode?: SslMode;
  /** Undefined if TLS is not used. */
  tls?: TlsOptions;
  sessionAttributes: SessionAttributes;
  /** The timeout for connecting to one host, in milliseconds; undefined if the URL has none. */
  connectTimeoutMs?: number;
  /** Server settings for the session: `-c name=value …`. */
  options?: string;
}

/** The message completes the sentence "expected …" and contains no secrets. */
export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
}

/** Parameters of libpq that are accepted and have no effect. */
const IGNORED = new Set([
  ...['application_name', 'fallback_application_name', 'client_encoding', 'keepalives', 'keepalives_idle'],
  ...['keepalives_interval', 'keepalives_count', 'tcp_user_timeout', 'gssencmode', 'channel_binding', 'sslcompression'],
  ...['sslsni', 'ssl_min_protocol_version', 'load_balance_hosts', 'uselibpqcompat'],
]);
const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:(?<userinfo>[^/?]*)@)?(?<hosts>[^/?@]*)(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/s;
const HOST = /^(?<host>\[[0-9A-Fa-f:.%]+\]|[^:[\]]*)(?::(?<port>[0-9]*))?$/;
const DEFAULT_PORT = 5432;

/** @throws DatabaseUrlError */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  const parts = URL_PARTS.exec(url)?.groups;
  if (parts === undefined) throw new DatabaseUrlError('a URL like postgres://user:password@host:5432/database');
  const [user, ...password] = (parts.userinfo ?? '').split(':');
  const parameters = readParameters(parts.query ?? '');
  const sslMode = readSslMode(parameters);
  return {
    hosts: readHosts(parts.hosts!, parameters),
    user: parameters.get('user') ?? decode(user!, 'user'),
    password: parameters.get('password') ?? (password.length > 0 ? decode(password.join(':'), 'password') : undefined),
    database: parameters.get('dbname') ?? decode(parts.database ?? '', 'database'),
    sslMode,
    tls: sslMode === undefined || sslMode === 'disable' ? undefined : readTls(sslMode, parameters),
    sessionAttributes: choose('target_session_attrs', SESSION_ATTRIBUTES, parameters) ?? 'any',
    connectTimeoutMs: readTimeout(parameters),
    options: parameters.get('options'),
  };
}

const SUPPORTED = new Set([
  ...['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
  ...['sslpassword', 'target_session_attrs', 'connect_timeout', 'options'],
]);

function readParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const one of query.split('&').filter((text) => text !== '')) {
    const [name, ...value] = one.split('=');
    const known = decode(name!, 'parameter') ?? '';
    if (!SUPPORTED.has(known) && !IGNORED.has(known)) {
      throw new DatabaseUrlError(`parameters of libpq; ${JSON.stringify(known.slice(0, 40))} is not one`);
    }
    const text = decode(value.join('='), known);
    if (text !== undefined) parameters.set(known, text);
  }
  return parameters;
}

/** @returns undefined for an empty text */
function decode(text: string, what: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError(`a URL whose ${what} is percent-encoded: write % as %25`);
  }
}

function readHosts(authority: string, parameters: ReadonlyMap<string, string>): DatabaseHost[] {
  const named = (parameters.get('hostaddr') ?? parameters.get('host'))?.split(',');
  const ports = parameters.get('port')?.split(',');
  const hosts = (named ?? authority.split(',')).map((text): { host?: string; port?: string } => {
    if (named !== undefined) return { host: text || undefined };
    const parts = HOST.exec(text)?.groups;
    if (parts === undefined) throw new DatabaseUrlError('hosts like host:5432 or [::1]:5432, separated by commas');
    return { host: decode(parts.host!.replace(/^\[(.*)\]$/, '$1'), 'host'), port: parts.port };
  });
  if (ports !== undefined && ports.length !== 1 && ports.length !== hosts.length) {
    throw new DatabaseUrlError('one port, or as many ports as hosts');
  }
  return hosts.map(({ host, port }, index) => ({
    host,
    port: readPort(ports === undefined ? port : (ports[index] ?? ports[0])),
  }));
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT;
  if (/^[0-9]{1,5}$/.test(text) && +text >= 1 && +text <= 65_535) return +text;
  throw new DatabaseUrlError('ports from 1 to 65535');
}

function choose<const T extends string>(
  name: string,
  choices: readonly T[],
  parameters: ReadonlyMap<string, string>,
): T | undefined {
  const given = parameters.get(name);
  if (given === undefined) return undefined;
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new DatabaseUrlError(`a URL with ?${name}= being one of ${choices.join(', ')}`);
  return found;
}

function readSslMode(parameters: ReadonlyMap<string, string>): SslMode | undefined {
  const mode = choose('sslmode', SSL_MODES, parameters) ?? (parameters.get('ssl') === 'true' ? 'require' : undefined);
  if (parameters.get('sslrootcert') !== 'system') return mode;
  if (mode !== undefined && mode !== 'verify-full') {
    throw new DatabaseUrlError('sslmode=verify-full together with sslrootcert=system');
  }
  return 'verify-full';
}

/**
 * As in libpq, `require` checks the chain if there is a root certificate, and only `verify-full` checks the host name.
 */
function readTls(mode: SslMode, parameters: ReadonlyMap<string, string>): TlsOptions {
  const root = parameters.get('sslrootcert');
  const ca = root === 'system' ? undefined : (readFile('sslrootcert', root) ?? readDefaultRoot(mode));
  const own = {
    cert: readFile('sslcert', parameters.get('sslcert')),
    key: readFile('sslkey', parameters.get('sslkey')),
    passphrase: parameters.get('sslpassword'),
  };
  if (mode === 'verify-full') return { ca, ...own };
  if (mode === 'verify-ca' || (mode === 'require' && ca !== undefined)) {
    if (ca === undefined) throw new DatabaseUrlError('?sslrootcert= with the root certificate for sslmode=verify-ca');
    return { ca, checkServerIdentity: () => undefined, ...own };
  }
  return { rejectUnauthorized: false, ...own };
}

function readFile(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DatabaseUrlError(`?${name}= to name a readable file (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Reads the default root certificate of libpq. */
function readDefaultRoot(mode: SslMode): string | undefined {
  if (mode === 'allow' || mode === 'prefer') return undefined;
  try {
    return readFileSync(join(homedir(), '.postgresql', 'root.crt'), 'utf8');
  } catch {
    return undefined;
  }
}

function readTimeout(parameters: ReadonlyMap<string, string>): number | undefined {
  const given = parameters.get('connect_timeout');
  if (given === undefined) return undefined;
  if (!/^[0-9]{1,4}$/.test(given)) throw new DatabaseUrlError('?connect_timeout= in whole seconds');
  return +given === 0 ? undefined : Math.max(2, +given) * 1_000;
}
