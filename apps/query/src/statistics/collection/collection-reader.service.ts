import { Injectable } from '@nestjs/common';
import { RetentionConfig } from '#libs/config';
import { StatisticsContract } from '#libs/contracts';
import {
  DAY_MS,
  MODULE_PERIODS,
  readCollectionPeriods,
  type CollectionPeriod,
  type TimeWindow,
} from '#libs/statistics';
import { GuildDatabase } from '../../database/guild-database.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { resolveWindow } from '../window/window.js';
import type { CollectionAnswer, PeriodAnswer } from './dto/collection.dto.js';
import type { WindowRequest } from '../window/window-request.dto.js';
import { intersection, union, type Intervals } from './intervals.js';
import { readLastEvents } from './read-last-events.js';

/** Reads when the events of each kind were collected, so that charts can tell a gap from zero. */
@Injectable()
export class CollectionReader {
  private readonly periodNames: readonly string[];

  constructor(
    private readonly contract: StatisticsContract,
    private readonly settings: GuildSettingsReader,
    private readonly database: GuildDatabase,
    private readonly retention: RetentionConfig,
  ) {
    const switches = contract.kinds.flatMap(({ definition }) => [definition.switch, definition.botSwitch]);
    this.periodNames = [MODULE_PERIODS, ...new Set(switches.filter((name) => name !== undefined))];
  }

  /**
   * @throws BadRequestError for an invalid window
   * @throws ModuleDisabledError
   */
  async read(request: WindowRequest): Promise<CollectionAnswer> {
    const { guild_id: guildId } = request;
    const now = Date.now();
    const { eventDays } = this.retention;
    const window = resolveWindow(request, now, eventDays);
    const { switches } = await this.settings.requireEnabled(guildId);
    // The clocks of publishers can be ahead, but by far less than a day.
    const kept = { from: now - eventDays * DAY_MS, to: now + DAY_MS };
    const numbers = this.contract.kinds.map(({ number }) => number);
    const { from, to } = window;
    const [periods, lastEvents] = await this.database.read(async (manager) => [
      await readCollectionPeriods(manager, guildId, this.periodNames, { from: new Date(from), to: new Date(to) }),
      await readLastEvents(manager, guildId, numbers, kept),
    ]);

    const whenOn = (name: string) => intervalsOf(periods, name, window);
    const whenModuleOn = intersection(union([window]), whenOn(MODULE_PERIODS));
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      kinds: this.contract.kinds.map(({ name, number, definition }) => {
        const collected = intersection(whenModuleOn, whenOn(definition.switch));
        const { botSwitch } = definition;
        return {
          kind: name,
          enabled: switches.includes(definition.switch),
          last_event_at: lastEvents.get(number)?.toISOString() ?? null,
          collected: periodAnswers(collected),
          ...(botSwitch && { bots_collected: periodAnswers(intersection(collected, whenOn(botSwitch))) }),
        };
      }),
    };
  }
}

/** The periods of one switch. A period that has not ended is cut off at the end of the window. */
function intervalsOf(periods: readonly CollectionPeriod[], name: string, window: TimeWindow): Intervals {
  const ofName = periods.filter((period) => period.name === name);
  return union(
    ofName.map(({ beganAt, endedAt }) => ({ from: beganAt.getTime(), to: endedAt?.getTime() ?? window.to })),
  );
}

function periodAnswers(intervals: Intervals): PeriodAnswer[] {
  return intervals.map(({ from, to }) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }));
}
