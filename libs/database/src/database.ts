import type { DataSource } from 'typeorm';
import { ConfigurationError } from '#libs/config';
import { BackOff, pause } from '#libs/timing';
import type { LogIds } from '#libs/observability';
import { createDataSource, createMigratingDataSource, poolUseOf, type DatabaseOptions } from './data-source.js';
import { isUnavailable } from './database-errors.js';
import {
  createAllPartitions,
  isSchemaCurrent,
  migrateDatabase,
  OutdatedSchemaError,
  requireCurrentSchema,
} from './migrate-database.js';
import type { Retention } from './partitions/partitioned-tables.js';
import { UnusableDatabaseError } from './unusable-database-error.js';

export interface DatabaseStartOptions extends DatabaseOptions {
  migrations: 'auto' | 'manual';
  /** The database URL for migrations. @defaultValue `url` */
  migrationsUrl?: string;
  retention: Retention;
  /**
   * Called when the schema is current, before anything else uses the database. If it throws a ConfigurationError, the
   * database cannot be used; it is retried after any other failure.
   */
  prepare?: (dataSource: DataSource) => Promise<void>;
  /** Called for each failed attempt to connect, and for each failure of work because the database cannot be used. */
  onUnavailable(error: unknown, ids?: LogIds): void;
}

const PAUSES = { firstMs: 250, longestMs: 5_000 };

/** Errors that only an operator can resolve. */
function isFinal(error: unknown): boolean {
  return [OutdatedSchemaError, UnusableDatabaseError, ConfigurationError].some((final) => error instanceof final);
}

/**
 * The connection pool of one service. It connects in the background and retries without end. So a service can start
 * before its database; until then its readiness check fails.
 */
export class Database {
  readonly dataSource: DataSource;
  private readonly stopping = new AbortController();
  private connecting?: Promise<void>;
  private isReady = false;

  constructor(private readonly options: DatabaseStartOptions) {
    this.dataSource = createDataSource(options);
  }

  /** The maximum number of connections. */
  get poolSize(): number {
    return this.options.poolSize;
  }

  /** Its connections at the moment, and requests that wait for one. */
  get poolUse(): { used: number; idle: number; waiting: number } {
    return poolUseOf(this.dataSource);
  }

  /**
   * Resolves when the database is usable, or when connecting ends because the service stops.
   *
   * @throws OutdatedSchemaError, UnusableDatabaseError, ConfigurationError; any other failure is retried
   */
  connected(): Promise<void> {
    return (this.connecting ??= this.connect());
  }

  /** Whether the database was connected and its schema is current. */
  get isUsable(): boolean {
    return this.isReady;
  }

  /**
   * Reports the failure of some work. If the database is not available, it is logged once for all work.
   *
   * @param ids of the work
   * @returns whether the database is not available; the caller logs other failures
   */
  noteFailure(error: unknown, ids?: LogIds): boolean {
    const isAway = isUnavailable(error);
    if (isAway) this.options.onUnavailable(error, ids);
    return isAway;
  }

  /** One round trip. @throws when the database does not answer */
  async probe(): Promise<void> {
    if (!this.isReady) throw new Error('not connected yet, or the schema is not current yet');
    await this.dataSource.query('SELECT 1');
  }

  /** As {@link probe}, with a write that changes nothing. @throws also when the database is read-only or a standby */
  async probeWrite(): Promise<void> {
    if (!this.isReady) return this.probe();
    await this.dataSource.query('UPDATE event_horizon SET events_since = events_since WHERE false');
  }

  /** Stops retrying and resolves {@link connected}, so that the service can shut down. */
  stopConnecting(): void {
    this.stopping.abort();
  }

  async close(): Promise<void> {
    this.stopConnecting();
    await this.connecting?.catch(() => undefined);
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async connect(): Promise<void> {
    const backOff = new BackOff(PAUSES);
    while (!this.stopping.signal.aborted) {
      try {
        if (!this.dataSource.isInitialized) await this.dataSource.initialize();
        if (this.options.migrations === 'manual') await requireCurrentSchema(this.dataSource);
        else await this.migrate();
        await this.options.prepare?.(this.dataSource);
        this.isReady = true;
        return;
      } catch (error) {
        if (isFinal(error)) throw error;
        this.options.onUnavailable(error);
        await pause(backOff.next(), this.stopping.signal);
      }
    }
  }

  /** Migrations use a data source of their own. */
  private async migrate(): Promise<void> {
    const { url, migrationsUrl, retention } = this.options;
    if (await isSchemaCurrent(this.dataSource)) return createAllPartitions(this.dataSource, retention);
    const migrating = createMigratingDataSource(migrationsUrl ?? url);
    await migrating.initialize();
    try {
      await migrateDatabase(migrating, retention, this.stopping.signal);
    } finally {
      await migrating.destroy();
    }
  }
}
