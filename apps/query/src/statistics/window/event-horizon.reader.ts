import { Injectable } from '@nestjs/common';
import { readEventHorizon } from '#libs/database';
import { GuildDatabase } from '../../database/guild-database.js';
import type { TimeWindow } from './window.js';

/** It moves once a day, and what it cuts off then is past the retention anyway. */
const FRESH_MS = 30_000;

/** Knows from which moment on there are records: after the retention was raised, that is later than the retention says. */
@Injectable()
export class EventHorizonReader {
  private last?: { horizon: number; readAt: number };

  constructor(private readonly database: GuildDatabase) {}

  /** Unix milliseconds. @throws ServiceUnavailableError */
  async read(): Promise<number> {
    if (this.last === undefined || Date.now() - this.last.readAt > FRESH_MS) {
      const horizon = await this.database.read((manager) => readEventHorizon(manager));
      this.last = { horizon: horizon.getTime(), readAt: Date.now() };
    }
    return this.last.horizon;
  }

  /** The part of a window of which there are records. @throws ServiceUnavailableError */
  async cut({ from, to }: TimeWindow): Promise<TimeWindow> {
    return { from: Math.min(Math.max(from, await this.read()), to), to };
  }
}
