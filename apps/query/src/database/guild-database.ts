import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Database, lockStripe } from '#libs/database';
import { inStatisticsSnapshot } from '#libs/statistics';
import { DatabaseError, ServiceUnavailableError, SettingsError, type ApiError } from '../http/api-error.js';
import { ConnectionShares } from './connection-shares.js';
import { isDatabaseFailure, NotConnectedError } from './database-failure.js';

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

  /** {@link inStatisticsSnapshot}, with a share of the connections. @throws ServiceUnavailableError */
  readSnapshot<T>(work: Work<T>): Promise<T> {
    return this.read((manager) => this.shares.run('summary', () => inStatisticsSnapshot(manager, work)));
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
