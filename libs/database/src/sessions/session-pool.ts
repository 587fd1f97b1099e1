import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { pinTransactions } from './pinned-transactions.js';
import { pinSession, type SessionUse } from './session-settings.js';

export interface SessionPoolOptions extends pg.PoolConfig {
  sessionUse: SessionUse;
}

type Checkout = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void;
type Release = (reason?: boolean | Error) => void;

interface Session {
  /** By the clock of `performance`. */
  begunAt: number;
  /** The server has said that it does not do its work any more. */
  isUseless: boolean;
}

/**
 * SQLSTATEs of a session that is of no use any more, though its connection may stand: the server is read-only (after a
 * failover it may be a standby now, or its disk was full when the session began), shuts down, or lost its own link.
 */
const USELESS = /^(?:25006|08...|53300|57P0.)$/;
/** So young a session is not suspected when another one turns out to be useless. */
const YOUNG_MS = 100;

/**
 * Connections whose settings are ours and not those that the server, the database or the role has. A session that is
 * of no use is not kept, and neither are those that began before it.
 */
export class SessionPool extends pg.Pool {
  /** Whether the newest connection leads through a pooler. */
  isBehindPooler = false;
  private readonly sessions = new WeakMap<pg.ClientBase, Session>();
  private uselessUpTo = -Infinity;

  constructor({ sessionUse, ...options }: SessionPoolOptions) {
    // Awaited before anybody gets the client, though its type does not say so.
    const onConnect: unknown = (client: pg.ClientBase) => this.begin(client, sessionUse);
    super({ ...options, onConnect: onConnect as pg.PoolConfig['onConnect'] });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Checkout): void;
  override connect(callback?: Checkout): Promise<pg.PoolClient> | void {
    if (callback === undefined) {
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (client === undefined ? reject(error!) : resolve(client)));
      });
    }
    super.connect((error, client, release) => {
      if (client === undefined) return callback(error, client, release);
      if (this.isUseless(client)) {
        release(true);
        return this.connect(callback);
      }
      callback(undefined, client, (reason) => release(reason ?? this.isUseless(client)));
    });
  }

  private async begin(client: pg.ClientBase, use: SessionUse): Promise<void> {
    const session: Session = { begunAt: performance.now(), isUseless: false };
    this.sessions.set(client, session);
    const { connection } = client as pg.ClientBase & { connection: EventEmitter };
    connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (!USELESS.test(code ?? '')) return;
      session.isUseless = true;
      this.uselessUpTo = performance.now() - YOUNG_MS;
    });
    const { isDirect, localSettings } = await pinSession(client, use, this.options.connectionTimeoutMillis ?? 0);
    this.isBehindPooler = !isDirect;
    if (!isDirect) pinTransactions(client, localSettings);
  }

  private isUseless(client: pg.ClientBase): boolean {
    const session = this.sessions.get(client);
    return session !== undefined && (session.isUseless || session.begunAt < this.uselessUpTo);
  }
}
