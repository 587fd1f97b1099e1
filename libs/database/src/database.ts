import type { DataSource } from 'typeorm';
import { BackOff, pause } from '#libs/timing';
import { createDataSource, createMigratingDataSource, poolUseOf, type DatabaseOptions } from './data-source.js';
import {
  isSchemaCurrent,
  makeAllPartitions,
  migrateDatabase,
  OutdatedSchemaError,
  requireCurrentSchema,
} from './migrate-database.js';
import type { Retention } from './partitions/partitioned-tables.js';
import { UnusableDatabaseError } from './unusable-database-error.js';

export interface DatabaseStartOptions extends DatabaseOptions {
  migrations: 'auto' | 'manual';
  /** Where migrations connect. @defaultValue `url` */
  migrationsUrl?: string;
  retention: Retention;
  /** Called for each failed attempt to connect. */
  onRetry(error: Error): void;
}

const PAUSES = { firstMs: 250, longestMs: 5_000 };

/**
 * The connection pool of one service. It connects in the background, for as long as it takes: a service that starts
 * before its database is alive, and says so in its readiness.
 */
export class Database {
  readonly dataSource: DataSource;
  private readonly stopping = new AbortController();
  private connecting?: Promise<void>;
  private isReady = false;

  constructor(private readonly options: DatabaseStartOptions) {
    this.dataSource = createDataSource(options);
  }

  /** Connections that the data source may hold. */
  get poolSize(): number {
    return this.options.poolSize;
  }

  /** Its connections at the moment, and requests that wait for one. */
  get poolUse(): { used: number; idle: number; waiting: number } {
    return poolUseOf(this.dataSource);
  }

  /**
   * Resolves once the database can be used, or once connecting was given up because the service stops.
   *
   * @throws OutdatedSchemaError and UnusableDatabaseError, and nothing else: any other failure is tried again
   */
  connected(): Promise<void> {
    return (this.connecting ??= this.connect());
  }

  /** Whether the connection stands and the schema is there. */
  get isUsable(): boolean {
    return this.isReady;
  }

  /** One round trip. @throws whatever keeps the database from answering */
  async probe(): Promise<void> {
    if (!this.isReady) throw new Error('not connected yet, or the schema is not there yet');
    await this.dataSource.query('SELECT 1');
  }

  /** The same, asked of a write that changes nothing. @throws also when the database is read-only, or a standby */
  async probeWrite(): Promise<void> {
    if (!this.isReady) return this.probe();
    await this.dataSource.query('UPDATE event_horizon SET events_since = events_since WHERE false');
  }

  /** Gives up connecting, so that nobody who waits for it is kept from stopping. */
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
        this.isReady = true;
        return;
      } catch (error) {
        if (error instanceof OutdatedSchemaError || error instanceof UnusableDatabaseError) throw error;
        this.options.onRetry(error as Error);
        await pause(backOff.next(), this.stopping.signal);
      }
    }
  }

  /** On connections of its own, unless there is nothing to migrate. */
  private async migrate(): Promise<void> {
    const { url, migrationsUrl, retention } = this.options;
    if (await isSchemaCurrent(this.dataSource)) return makeAllPartitions(this.dataSource, retention);
    const migrating = createMigratingDataSource(migrationsUrl ?? url);
    await migrating.initialize();
    try {
      await migrateDatabase(migrating, retention, this.stopping.signal);
    } finally {
      await migrating.destroy();
    }
  }
}
