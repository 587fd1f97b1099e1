import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Database, lockStripe } from '#libs/database';
import { DatabaseError, ServiceUnavailableError, SettingsError, type ApiError } from '../http/api-error.js';
import { ConnectionShares } from './connection-shares.js';
import { isDatabaseFailure, NotConnectedError } from './database-failure.js';

/** Longer than any summary should take, and shorter than callers usually wait. */
const SNAPSHOT_STATEMENT_TIMEOUT_MS = 30_000;

type Work<T> = (manager: EntityManager) => Promise<T>;

/** Database access of requests. The methods differ in which API error they throw if the database fails. */
@Injectable()
export class GuildDatabase {
  private readonly dataSource: DataSource;
  private readonly shares: ConnectionShares;

  constructor(database: Database) {
    this.dataSource = database.dataSource;
    this.shares = new ConnectionShares(database.poolSize);
  }

  /** Reads the settings or the state of a guild. @throws SettingsError */
  readSettings<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new SettingsError(cause));
  }

  /** Runs any other short read. @throws ServiceUnavailableError */
  read<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new ServiceUnavailableError('The database could not be read', { cause }));
  }

  /** Reads one page of a long read. Holds a connection only for this page. @throws ServiceUnavailableError */
  readPage<T>(of: 'search' | 'export', work: Work<T>): Promise<T> {
    return this.read((manager) => this.shares.run(of, () => work(manager)));
  }

  /**
   * Runs several statements in one snapshot.
   *
   * The tables are locked before the snapshot is taken. Otherwise, a partition that is created or dropped in between
   * would be missing from the result.
   *
   * @throws ServiceUnavailableError
   */
  readSnapshot<T>(work: Work<T>): Promise<T> {
    return this.read((manager) =>
      this.shares.run('summary', () =>
        manager.transaction('REPEATABLE READ', async (snapshot) => {
          await snapshot.query(`
            SET LOCAL statement_timeout = ${SNAPSHOT_STATEMENT_TIMEOUT_MS};
            LOCK TABLE ONLY statistic_events, ONLY statistic_totals, ONLY statistic_groups IN ACCESS SHARE MODE`);
          return work(snapshot);
        }),
      ),
    );
  }

  /** Writes data that is not protected by a stripe lock. @throws DatabaseError; then nothing was changed */
  write<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new DatabaseError(cause));
  }

  /**
   * Changes data of a guild in one transaction, under the exclusive lock of the guild's stripe. Once it resolves, no
   * event is stored that contradicts the change.
   *
   * @throws DatabaseError; then nothing was changed
   */
  change<T>(guildId: string, work: Work<T>): Promise<T> {
    return this.write((manager) =>
      this.shares.run('change', () =>
        manager.transaction(async (transaction) => {
          await lockStripe(transaction, guildId);
          return work(transaction);
        }),
      ),
    );
  }

  /**
   * Changes data of a guild in several transactions, which take the lock themselves. They hold their connection in
   * {@link holdForErasure}.
   *
   * @throws DatabaseError
   */
  changeInSteps<T>(work: () => Promise<T>): Promise<T> {
    return this.attempt(work, (cause) => new DatabaseError(cause));
  }

  /** Runs erasure work that holds a connection. */
  holdForErasure<T>(work: () => Promise<T>): Promise<T> {
    return this.shares.run('erasure', work);
  }

  private async attempt<T>(work: Work<T>, failure: (cause: unknown) => ApiError): Promise<T> {
    try {
      if (!this.dataSource.isInitialized) throw new NotConnectedError();
      return await work(this.dataSource.manager);
    } catch (error) {
      throw isDatabaseFailure(error) ? failure(error) : error;
    }
  }
}
