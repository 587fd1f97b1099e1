import pg from 'pg';
import type { DatabaseHost, DatabaseTarget, SessionAttributes, TlsOptions } from '#libs/config';

/** A host with one TLS mode: one attempt to connect. */
export interface ServerRoute extends DatabaseHost {
  ssl: TlsOptions | false;
}

/** The server does not match `target_session_attrs` of the URL. During a failover, that may be true of every server. */
class WrongServerError extends Error {
  override readonly name = 'WrongServerError';
}

/** In the order of the attempts: `prefer` tries TLS first, `allow` tries it last. */
export function routesTo({ hosts, sslMode, tls }: DatabaseTarget): ServerRoute[] {
  const tlsModes: (TlsOptions | false)[] = [tls ?? false];
  if (sslMode === 'prefer') tlsModes.push(false);
  if (sslMode === 'allow') tlsModes.unshift(false);
  return hosts.flatMap((host) => tlsModes.map((ssl) => ({ ...host, ssl })));
}

/** Whether a connection has to select a server first: the URL allows several routes, or not every server. */
export function needsServerSelection(target: DatabaseTarget): boolean {
  return routesTo(target).length > 1 || target.sessionAttributes !== 'any';
}

/**
 * A client class for the pool that selects a server as the URL requires, each time it connects. So after a failover,
 * new connections go to the new primary.
 *
 * @param deadlineMs for each route
 */
export function serverSelectingClient(target: DatabaseTarget, deadlineMs: number): typeof pg.Client {
  class ServerSelectingClient extends pg.Client {
    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      const connected = findRoute(target, deadlineMs).then(({ host, port, ssl }) => {
        const connection = (this as unknown as { connection: { ssl: unknown } }).connection;
        connection.ssl = ssl;
        Object.assign(this, { port, ssl }, host !== undefined && { host });
        return super.connect();
      });
      if (callback === undefined) return connected.then(() => this);
      connected.then(() => callback(null as unknown as Error), callback);
    }
  }
  return ServerSelectingClient as typeof pg.Client;
}

/** @throws AggregateError with the error of every route, if none can be used */
async function findRoute(target: DatabaseTarget, deadlineMs: number): Promise<ServerRoute> {
  const { sessionAttributes } = target;
  const rounds: SessionAttributes[] = sessionAttributes === 'prefer-standby' ? ['standby', 'any'] : [sessionAttributes];
  const errors: unknown[] = [];
  for (const attributes of rounds) {
    for (const route of routesTo(target)) {
      try {
        await checkServer(target, route, attributes, deadlineMs);
        return route;
      } catch (error) {
        errors.push(error);
      }
    }
  }
  throw new AggregateError(errors, 'connect: no server of the URL can be used');
}

/** @throws the error of the connection, or WrongServerError */
async function checkServer(
  { user, password, database }: DatabaseTarget,
  { host, port, ssl }: ServerRoute,
  attributes: SessionAttributes,
  deadlineMs: number,
): Promise<void> {
  const client = new pg.Client({
    ...{ user, password, database, host, port, ssl },
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
  });
  client.on('error', () => undefined); // reported by the rejected call
  try {
    await client.connect();
    if (attributes === 'any') return;
    const { rows } = await client.query<{ standby: boolean; read_only: boolean }>(
      `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`,
    );
    const { standby, read_only: readOnly } = rows[0]!;
    const has = { primary: !standby, standby, 'read-write': !readOnly && !standby, 'read-only': readOnly || standby };
    if (!has[attributes as keyof typeof has])
      throw new WrongServerError(`connect ${host ?? ''}:${port}: the server is not ${attributes}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
