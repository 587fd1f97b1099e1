import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { lockStripe } from '#libs/database';
import { DatabaseError, ServiceUnavailableError, SettingsError, type ApiError } from '../http/api-error.js';
import { isDatabaseFailure, NotConnectedError } from './database-failure.js';

type Work<T> = (manager: EntityManager) => Promise<T>;

/** The ways in which requests use the database. They differ in what the caller is told when it fails. */
@Injectable()
export class GuildDatabase {
  constructor(private readonly dataSource: DataSource) {}

  /** Reads the settings or the state of a guild. @throws SettingsError */
  readSettings<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new SettingsError(cause));
  }

  /** Reads anything else. @throws ServiceUnavailableError */
  read<T>(work: Work<T>): Promise<T> {
    return this.attempt(work, (cause) => new ServiceUnavailableError('The database could not be read', { cause }));
  }

  /** Reads in several statements what was stored at one moment. @throws ServiceUnavailableError */
  readSnapshot<T>(work: Work<T>): Promise<T> {
    return this.read((manager) => manager.transaction('REPEATABLE READ', work));
  }

  /**
   * Changes what is stored of a guild, in one transaction under the exclusive lock of the guild's stripe: once it has
   * answered, no event is stored against the change.
   *
   * @throws DatabaseError, and then nothing was changed
   */
  change<T>(guildId: string, work: Work<T>): Promise<T> {
    return this.attempt(
      (manager) =>
        manager.transaction(async (transaction) => {
          await lockStripe(transaction, guildId);
          return work(transaction);
        }),
      (cause) => new DatabaseError(cause),
    );
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
