import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Database, lockStripe } from '#libs/database';
import { DatabaseError, ServiceUnavailableError, SettingsError, type ApiError } from '../http/api-error.js';
import { ConnectionShares } from './connection-shares.js';
import { isDatabaseFailure, NotConnectedError } from './database-failure.js';

/** Longer than any summary should take; shorter than anybody waits for one. */
const SNAPSHOT_STATEMENT_TIMEOUT_MS = 30_000;

type Work<T> = (manager: EntityManager) => Promise<T>;

/** The ways in which requests use the database. They differ in what the caller is told when it fails. */
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

  /** Reads anything else that takes a moment. @throws ServiceUnavailableError */
  read<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new ServiceUnavailableError('The database could not be read', { cause }));
  }

  /** Reads a part of much: it waits for its turn, and holds its connection no longer. @throws ServiceUnavailableError */
  readPart<T>(of: 'search' | 'export', work: Work<T>): Promise<T> {
    return this.read((manager) => this.shares.run(of, () => work(manager)));
  }

  /**
   * Reads in several statements what was stored at one moment. Waits for its turn.
   *
   * The tables are locked before the snapshot is taken: a partition that was made or dropped after it would be missing
   * to both.
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

  /** Writes what is no state of a guild. @throws DatabaseError, and then nothing was changed */
  write<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new DatabaseError(cause));
  }

  /**
   * Changes what is stored of a guild, in one transaction under the exclusive lock of the guild's stripe: once it has
   * answered, no event is stored against the change. Waits for its turn.
   *
   * @throws DatabaseError, and then nothing was changed
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
   * Changes what is stored of a guild in several transactions, which take the lock themselves. They hold their
   * connection in {@link holdForErasure}.
   *
   * @throws DatabaseError
   */
  changeInSteps<T>(work: () => Promise<T>): Promise<T> {
    return this.attempt(work, (cause) => new DatabaseError(cause));
  }

  /** Runs what holds a connection for an erasure. Waits for its turn. */
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
