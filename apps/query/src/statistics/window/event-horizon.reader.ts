import { Injectable } from '@nestjs/common';
import { readEventHorizon } from '#libs/database';
import { GuildDatabase } from '../../database/guild-database.js';
import type { TimeWindow } from '#libs/statistics';

/** In milliseconds. The horizon moves once a day, and only past events that are beyond retention anyway. */
const FRESH_MS = 30_000;

/** Reads since when there are records. After the retention was increased, that is later than the retention suggests. */
@Injectable()
export class EventHorizonReader {
  private last?: { horizon: number; readAt: number };

  constructor(private readonly database: GuildDatabase) {}

  /** @returns Unix milliseconds @throws ServiceUnavailableError */
  async read(): Promise<number> {
    if (this.last === undefined || Date.now() - this.last.readAt > FRESH_MS) {
      const horizon = await this.database.read((manager) => readEventHorizon(manager));
      this.last = { horizon: horizon.getTime(), readAt: Date.now() };
    }
    return this.last.horizon;
  }

  /** Clips a window to the time since when there are records. @throws ServiceUnavailableError */
  async clip({ from, to }: TimeWindow): Promise<TimeWindow> {
    return { from: Math.min(Math.max(from, await this.read()), to), to };
  }
}
