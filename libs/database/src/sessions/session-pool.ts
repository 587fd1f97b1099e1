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
  /** By `performance.now()`. */
  startedAt: number;
  /** The server has reported one of {@link UNUSABLE}. */
  isUnusable: boolean;
}

/**
 * SQLSTATEs after which a session is unusable, even if its connection is open: the server is read-only (a standby after
 * a failover, or its disk was full when the session started), is shutting down, or has lost its own connection.
 */
const UNUSABLE = /^(?:25006|08...|53300|57P0.)$/;
/** Sessions younger than this are kept when another session becomes unusable. */
const YOUNG_MS = 100;

/**
 * Connections with the settings of {@link pinSession}, whatever the server, the database or the role sets. When a
 * session becomes unusable, it is removed, and so are all sessions that started before.
 */
export class SessionPool extends pg.Pool {
  /** Whether the newest connection goes through a pooler. */
  isBehindPooler = false;
  private readonly sessions = new WeakMap<pg.ClientBase, Session>();
  private unusableUpTo = -Infinity;

  constructor({ sessionUse, ...options }: SessionPoolOptions) {
    // The pool awaits it before it hands out the client, though its type does not say so.
    const onConnect: unknown = (client: pg.ClientBase) => this.start(client, sessionUse);
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
      if (this.isUnusable(client)) {
        release(true);
        return this.connect(callback);
      }
      callback(undefined, client, (reason) => release(reason ?? this.isUnusable(client)));
    });
  }

  private async start(client: pg.ClientBase, use: SessionUse): Promise<void> {
    const session: Session = { startedAt: performance.now(), isUnusable: false };
    this.sessions.set(client, session);
    const { connection } = client as pg.ClientBase & { connection: EventEmitter };
    connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (!UNUSABLE.test(code ?? '')) return;
      session.isUnusable = true;
      this.unusableUpTo = performance.now() - YOUNG_MS;
    });
    const { isDirect, localSettings } = await pinSession(client, use, this.options.connectionTimeoutMillis ?? 0);
    this.isBehindPooler = !isDirect;
    if (!isDirect) pinTransactions(client, localSettings);
  }

  private isUnusable(client: pg.ClientBase): boolean {
    const session = this.sessions.get(client);
    return session !== undefined && (session.isUnusable || session.startedAt < this.unusableUpTo);
  }
}
