import pg from 'pg';
import type { DatabaseHost, DatabaseTarget, SessionAttributes, TlsOptions } from '#libs/config';

/** One way to reach a server. */
export interface ServerRoute extends DatabaseHost {
  ssl: TlsOptions | false;
}

/** The server answers, but is not as the URL wants it: while a failover lasts, none may be. */
class WrongServerError extends Error {
  override readonly name = 'WrongServerError';
}

/** In the order in which they are tried: `prefer` falls back from TLS, `allow` falls back to it. */
export function routesTo({ hosts, sslMode, tls }: DatabaseTarget): ServerRoute[] {
  const ways: (TlsOptions | false)[] = [tls ?? false];
  if (sslMode === 'prefer') ways.push(false);
  if (sslMode === 'allow') ways.unshift(false);
  return hosts.flatMap((host) => ways.map((ssl) => ({ ...host, ssl })));
}

/** Whether a connection must look for its server first. */
export function mustChoose(target: DatabaseTarget): boolean {
  return routesTo(target).length > 1 || target.sessionAttributes !== 'any';
}

/**
 * A client for the pool that looks for a server that is as the URL wants it, each time it connects: so after a failover
 * new connections go to the new primary.
 *
 * @param deadlineMs for each route
 */
export function chosenClient(target: DatabaseTarget, deadlineMs: number): typeof pg.Client {
  class ChosenClient extends pg.Client {
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
  return ChosenClient as typeof pg.Client;
}

/** @throws AggregateError with what is wrong with each of them */
async function findRoute(target: DatabaseTarget, deadlineMs: number): Promise<ServerRoute> {
  const { sessionAttributes } = target;
  const rounds: SessionAttributes[] = sessionAttributes === 'prefer-standby' ? ['standby', 'any'] : [sessionAttributes];
  const errors: unknown[] = [];
  for (const wanted of rounds) {
    for (const route of routesTo(target)) {
      try {
        await look(target, route, wanted, deadlineMs);
        return route;
      } catch (error) {
        errors.push(error);
      }
    }
  }
  throw new AggregateError(errors, 'connect: no server of the URL can be used');
}

/** @throws what keeps the server from being used */
async function look(
  { user, password, database }: DatabaseTarget,
  { host, port, ssl }: ServerRoute,
  wanted: SessionAttributes,
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
    if (wanted === 'any') return;
    const { rows } = await client.query<{ standby: boolean; read_only: boolean }>(
      `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`,
    );
    const { standby, read_only: readOnly } = rows[0]!;
    const fits = { primary: !standby, standby, 'read-write': !readOnly && !standby, 'read-only': readOnly || standby };
    if (!fits[wanted as keyof typeof fits])
      throw new WrongServerError(`connect ${host ?? ''}:${port}: the server is not ${wanted}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
