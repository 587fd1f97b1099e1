import type { EntityManager } from 'typeorm';
import type { CounterTypes, FieldError } from '#libs/contracts';
import { findCounters, formatText, type KnownCounter } from '#libs/counters';
import type { GuildSettings } from '#libs/database';
import { BadRequestError, NotFoundError } from '../http/api-error.js';
import { enabledOnly, findSettings } from '../settings/guild-settings.reader.js';
import { counterStatus, type CounterFacts } from './counter-status.js';
import { MAX_COUNTERS } from './custom-panels.js';
import type { CounterAnswer } from './dto/counter-answers.dto.js';

const PANELS_ARE_OFF = 'counter_panel_enabled is false, so the counter is not updated';

/** The settings and the counters of a guild. */
export class GuildCounters {
  private constructor(
    readonly settings: GuildSettings,
    readonly counters: readonly KnownCounter[],
  ) {}

  /** @throws ModuleDisabledError */
  static async read(manager: EntityManager, guildId: string, types: CounterTypes): Promise<GuildCounters> {
    const settings = enabledOnly(await findSettings(manager, guildId));
    return new GuildCounters(settings, await findCounters(manager, guildId, types));
  }

  /**
   * Checks that a counter can be added.
   *
   * @param channelId the channel to take over
   * @returns the category of the counters
   * @throws BadRequestError
   */
  requireRoom(channelId: string | undefined): string {
    const { counterPanelEnabled, counterPanelCategoryChannel } = this.settings;
    if (!counterPanelEnabled || counterPanelCategoryChannel === null) {
      throw badRequest('counter_panel_enabled', 'must be true to create counters: change it with PATCH settings');
    }
    if (this.counters.some(({ counter }) => counter.channelId === channelId)) {
      throw badRequest('channel_id', 'must not be the channel of another counter');
    }
    if (this.counters.filter(({ counter }) => counter.source !== 'setting').length >= MAX_COUNTERS) {
      throw badRequest('guild_id', `has ${MAX_COUNTERS} custom panels and counters, which is the maximum`);
    }
    return counterPanelCategoryChannel;
  }

  /**
   * The counter of a channel that the API may change.
   *
   * @throws NotFoundError, or BadRequestError that names the setting to change instead
   */
  changeable(channelId: string): KnownCounter {
    const known = this.counters.find(({ counter }) => counter.channelId === channelId);
    if (known === undefined) throw new NotFoundError('This channel shows no counter');
    const { source } = known.counter;
    if (source === 'setting') throw ofSettings(known.definition.setting?.field ?? 'a field');
    if (source === 'panel') {
      throw ofSettings('counter_panel_custom_panels_create and counter_panel_custom_panels_delete');
    }
    return known;
  }

  answer(known: KnownCounter, facts: CounterFacts): CounterAnswer {
    const { counter, definition } = known;
    const { statisticKind: kind, statisticDays: days } = counter;
    const status = counterStatus(known, facts);
    const { counterPanelEnabled: isOn } = this.settings;
    return {
      channel_id: counter.channelId,
      type: counter.type,
      format: formatText(counter, definition),
      goal: counter.goal,
      role_id: counter.roleId,
      statistic: kind === null || days === null ? null : { kind, days },
      source: counter.source,
      status: isOn ? status : { ...status, error: PANELS_ARE_OFF },
    };
  }
}

function ofSettings(fields: string): BadRequestError {
  return badRequest('channel_id', `is the channel of a counter of the settings: change ${fields} with PATCH settings`);
}

function badRequest(field: string, message: string): BadRequestError {
  const mistakes: FieldError[] = [{ field, message }];
  return new BadRequestError(mistakes);
}
