import { isAbsolute } from 'node:path';

export interface StartBlock {
  /** The URL of the query service. */
  url: string;
  /** The file with the service key. Undefined if SERVICE_KEY is set. */
  serviceKeyFile?: string;
  broker: { kind: 'private'; url: string } | { kind: 'configured'; urls: readonly string[] } | { kind: 'none' };
}

type Row = [label: string, ...lines: string[]];

/** Any snowflake works, because unknown guilds have a status too. */
const EXAMPLE_GUILD_ID = '81384788765712384';

/** The text that is printed after the start. Never contains the service key. */
export function describeStart({ url: listeningAt, serviceKeyFile, broker }: StartBlock): string {
  const url = reachable(listeningAt);
  const rows: Row[] = [
    ['URL', url],
    ['Service key', serviceKeyFile ? `${serviceKeyFile} (only readable by you)` : 'the one in SERVICE_KEY'],
    ['Bots publish to', ...describeBroker(broker)],
    ['Try', curlLine(url, serviceKeyFile)],
    ['Stop', 'Ctrl-C'],
  ];
  return describeRows('Serverstats is running.', rows);
}

/** A title, and below it the rows with their labels in a column. */
export function describeRows(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  const body = rows.flatMap(([label, ...lines]) =>
    lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(width)}  ${line}`),
  );
  return ['', title, '', ...body, ''].join('\n');
}

/** Replaces a wildcard address, which cannot be called. */
export function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, '//127.0.0.1');
}

function describeBroker(broker: StartBlock['broker']): string[] {
  switch (broker.kind) {
    case 'private':
      return [broker.url];
    case 'configured':
      return [`${broker.urls.map(withoutCredentials).join(', ')} (RABBITMQ_URL)`];
    case 'none':
      return [
        'nothing: there is no RabbitMQ. Events handed over by HTTP are written in this process, safely but slower.',
        'To have a broker, put rabbitmq-server on PATH (Debian: apt install rabbitmq-server; macOS: brew install',
        'rabbitmq) and start again, or set RABBITMQ_URL.',
      ];
  }
}

/** Without a key file, the shell may not know the service key, so the line calls a route that needs none. */
function curlLine(url: string, serviceKeyFile: string | undefined): string {
  if (serviceKeyFile === undefined) return `curl ${quoted(`${url}/readyz`)}`;
  const status = quoted(`${url}/modules/serverstats/status?guild_id=${EXAMPLE_GUILD_ID}`);
  return `curl -H "Authorization: Bearer $(cat ${quoted(serviceKeyFile)})" ${status}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  if (isAbsolute(text) && /^[\w./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function withoutCredentials(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
