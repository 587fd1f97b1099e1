import { Injectable, Optional } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import { CounterTypes, CUSTOM_PANEL_TYPE, type CounterTypeWithSetting, type FieldError } from '#libs/contracts';
import { findCounters, findUnremovedChannels, forgetCategory, requestRefresh, type KnownCounter } from '#libs/counters';
import { Counter, PLAIN_COUNTER } from '#libs/database';
import { DiscordClient, type DiscordChannel } from '#libs/discord';
import type { LogIds } from '#libs/observability';
import { Clock } from '#libs/timing';
import { GuildDatabase } from '../database/guild-database.js';
import { BadRequestError, DiscordApiInteractionError } from '../http/api-error.js';
import { channelColumnField, channelField, channelRequest, onOffField } from '../settings/settings-fields.js';
import type {
  CheckedChange,
  NamedChannel,
  SettingsChange,
  SettingsFeature,
  SettingsField,
  SettingsPart,
  Stored,
} from '../settings/settings-part.js';
import { CATEGORY, counterChannelProblem } from './counter-channels.js';
import { MAX_COUNTERS, panelsToCreate, panelsToDelete, type PanelToCreate } from './custom-panels.js';
import { CustomPanelAnswer } from './dto/custom-panel.dto.js';
import { panelStatusClass } from './dto/panel-status.dto.js';
import { PanelChannels } from './panel-channels.service.js';
import { PanelRequest } from './panel-request.js';
import { findCounterFacts } from './counter-status.js';
import { panelStatus } from './panel-status.js';
import { PanelUndo } from './panel-undo.service.js';

/** How many ids an error message lists. */
const MAX_LISTED_IDS = 5;

const NO_TOKEN =
  'Creating and deleting custom panels changes channels in Discord, which requires DISCORD_TOKEN to be set';

/** The fields of a change that are not settings. */
interface PanelChanges extends SettingsChange {
  counter_panel_custom_panels_create?: PanelToCreate[];
  counter_panel_custom_panels_delete?: string[];
}

type StoredCounters = Stored<KnownCounter[]>;

interface CheckedPanels extends CheckedChange {
  task?: PanelRequest;
}

/** The settings of counters: the channels in setting fields, and custom panels. */
@Injectable()
export class CounterSettings implements SettingsPart<KnownCounter[]> {
  constructor(
    private readonly types: CounterTypes,
    private readonly database: GuildDatabase,
    private readonly channels: PanelChannels,
    private readonly panelUndo: PanelUndo,
    private readonly clock: Clock,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  read(manager: EntityManager, guildId: string): Promise<KnownCounter[]> {
    return findCounters(manager, guildId, this.types);
  }

  rules(values: Readonly<Record<string, unknown>>): FieldError[] {
    if (values.counter_panel_enabled !== true || values.counter_panel_category_channel !== null) return [];
    return [{ field: 'counter_panel_category_channel', message: 'is required while counter_panel_enabled is true' }];
  }

  check({ own }: StoredCounters, { settings }: StoredCounters, { change, named, task }: CheckedPanels): void {
    const { creates, deletes } = panelChangesIn(change);
    const panels = own.filter(isPanel).map(({ counter }) => counter.channelId);
    const foreign = deletes.filter((id) => !task?.deletedChannels.has(id) && !panels.includes(id));
    if (foreign.length > 0) {
      const ids = foreign.slice(0, MAX_LISTED_IDS).join(', ');
      const message = `contains ids that are not custom panels of this guild: ${ids}`;
      throw new BadRequestError([{ field: 'counter_panel_custom_panels_delete', message }]);
    }
    const mistakes = named.filter(({ channelId }) => deletes.includes(channelId));
    if (mistakes.length > 0) {
      const message = 'must not be a custom panel that the same request deletes';
      throw new BadRequestError(mistakes.map(({ field }) => ({ field, message })));
    }
    const ofApi = own.filter(isOfApi).map(({ counter }) => counter.channelId);
    const fields = this.types.inSettings.map(({ setting }) => setting.field as string);
    const taken = named.filter(({ field, channelId }) => fields.includes(field) && ofApi.includes(channelId));
    if (taken.length > 0) {
      const message = 'must not be the channel of a counter: delete that counter first (DELETE /counters)';
      throw new BadRequestError(taken.map(({ field }) => ({ field, message })));
    }
    const kept = panels.filter((channelId) => !deletes.includes(channelId));
    if (creates.length > 0 && kept.length + ofApi.length + creates.length > MAX_COUNTERS) {
      const message = `would exceed the maximum of ${MAX_COUNTERS} custom panels and counters`;
      throw new BadRequestError([{ field: 'counter_panel_custom_panels_create', message }]);
    }
    if (task && task.categoryId !== settings.counterPanelCategoryChannel) {
      const message = 'was changed by another request in the meantime';
      throw new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
    }
  }

  forgetChannel(stored: StoredCounters, channelId: string): void {
    forgetCategory(stored.settings, channelId);
    stored.own = stored.own.filter(({ counter }) => counter.channelId !== channelId);
  }

  namedChannels(before: StoredCounters, after: StoredCounters): NamedChannel[] {
    const categoryId = after.settings.counterPanelCategoryChannel;
    const isNewCategory = categoryId !== before.settings.counterPanelCategoryChannel;
    const category = { field: 'counter_panel_category_channel', channelId: categoryId, isNew: isNewCategory };
    const counters = this.types.inSettings.map(({ type, setting: { field } }) => {
      const channelId = channelOf(after.own, type);
      return { field, channelId, isNew: isNewCategory || channelId !== channelOf(before.own, type) };
    });
    const panelProblem = (channel: DiscordChannel) => counterChannelProblem(channel, categoryId);
    return [
      { ...category, mistake: categoryProblem },
      ...counters.map((named) => ({ ...named, mistake: panelProblem })),
    ].flatMap(({ field, channelId, isNew, mistake }) =>
      isNew && channelId !== null ? [{ field, channelId, mistake }] : [],
    );
  }

  needsDiscord(change: SettingsChange): boolean {
    const { creates, deletes } = panelChangesIn(change);
    return creates.length + deletes.length > 0;
  }

  discordTask(change: SettingsChange, { settings }: StoredCounters, ids: LogIds): PanelRequest | undefined {
    const { discord, database, clock, panelUndo } = this;
    const { creates, deletes } = panelChangesIn(change);
    if (discord === undefined) {
      if (creates.length + deletes.length > 0) throw new DiscordApiInteractionError(NO_TOKEN);
      return undefined;
    }
    const categoryId = settings.counterPanelCategoryChannel;
    if (creates.length > 0 && categoryId === null) {
      const message = 'is required to create custom panels';
      throw new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
    }
    const { guildId } = settings;
    const channels = creates.map(({ channel_name: name, role_id: roleId }) => ({ name, roleId }));
    const order = { guildId, categoryId, creates: channels, deletes, ids };
    return new PanelRequest({ discord, database, clock, panelUndo }, order);
  }

  async store(
    manager: EntityManager,
    before: StoredCounters,
    after: StoredCounters,
    task?: PanelRequest,
  ): Promise<void> {
    const { guildId, counterPanelEnabled } = after.settings;
    const created = task === undefined ? [] : await finishPanels(manager, task);
    const removed = notIn(after.own, before.own);
    const added = [...notIn(before.own, after.own), ...created];
    const counters = manager.getRepository(Counter);
    for (const { channelId, type } of removed) await counters.delete({ guildId, channelId, type });
    if (added.length > 0) await counters.insert(added);
    const hasChanged = removed.length + added.length > 0 || counterPanelEnabled !== before.settings.counterPanelEnabled;
    if (task || hasChanged) await requestRefresh(manager, guildId);
  }

  async answer(manager: EntityManager, { settings, own: counters }: StoredCounters): Promise<Record<string, unknown>> {
    const facts = await findCounterFacts(manager, { settings, counters, hasDiscord: this.discord !== undefined });
    const unremoved = await findUnremovedChannels(manager, settings.guildId);
    return {
      counter_panel_custom_panels: counters.filter(isPanel).map(({ counter }) => ({
        channel_id: counter.channelId,
        channel_name: counter.channelName,
        role_id: counter.roleId,
      })),
      counter_panel_status: panelStatus(counters, facts, unremoved),
    };
  }

  async beforeErasure(guildId: string, ids: LogIds): Promise<() => Promise<void>> {
    const channels = await this.channels.ofGuild(guildId, ids);
    return () => this.channels.tryDelete(guildId, channels, ids);
  }
}

function panelChangesIn(change: SettingsChange): { creates: PanelToCreate[]; deletes: string[] } {
  const { counter_panel_custom_panels_create: creates = [], counter_panel_custom_panels_delete: deletes = [] } =
    change as PanelChanges;
  return { creates, deletes };
}

function isPanel({ counter }: KnownCounter): boolean {
  return counter.source === 'panel';
}

/** Whether it was made with the counters API. */
function isOfApi({ counter }: KnownCounter): boolean {
  return counter.source === 'counter';
}

function isSetting({ counter }: KnownCounter, type: string): boolean {
  return counter.source === 'setting' && counter.type === type;
}

/** The channel in the settings field of this counter type. */
function channelOf(counters: readonly KnownCounter[], type: string): string | null {
  return counters.find((known) => isSetting(known, type))?.counter.channelId ?? null;
}

function notIn(some: readonly KnownCounter[], others: readonly KnownCounter[]): Counter[] {
  const keyOf = ({ counter: { channelId, type } }: KnownCounter) => `${channelId} ${type}`;
  const keys = new Set(some.map(keyOf));
  return others.filter((known) => !keys.has(keyOf(known))).map(({ counter }) => counter);
}

/** @returns the new panels to store @throws DiscordApiInteractionError */
async function finishPanels(manager: EntityManager, task: PanelRequest): Promise<Counter[]> {
  const creations = await task.finish(manager);
  return creations.map(({ wanted, creation }) => ({
    ...PLAIN_COUNTER,
    guildId: creation.guildId,
    channelId: creation.channelId!,
    type: CUSTOM_PANEL_TYPE,
    source: 'panel',
    channelName: wanted.name,
    roleId: wanted.roleId,
  }));
}

function categoryProblem({ type }: DiscordChannel): string | undefined {
  return type === CATEGORY ? undefined : 'must be a category';
}

export function counterSettings(types: CounterTypes): SettingsFeature<KnownCounter[]> {
  return {
    fields: {
      counter_panel_enabled: onOffField('counterPanelEnabled', 'Whether the counter panels are shown'),
      counter_panel_category_channel: channelColumnField(
        'counterPanelCategoryChannel',
        'The category of the counter panels',
      ),
      ...Object.fromEntries(types.inSettings.map((type) => [type.setting.field, counterField(type)])),
    },
    requests: {
      counter_panel_custom_panels_create: {
        format: panelsToCreate,
        required: true,
        description: 'Custom panels to create. Can be empty',
      },
      counter_panel_custom_panels_delete: {
        format: panelsToDelete,
        required: true,
        description: 'Ids of channels of custom panels to delete. Can be empty',
      },
    },
    answers: {
      counter_panel_custom_panels: ApiProperty({ type: [CustomPanelAnswer] }),
      counter_panel_status: ApiProperty({ type: [panelStatusClass(types)] }),
    },
    part: CounterSettings,
  };
}

function counterField({ type, setting, ...definition }: CounterTypeWithSetting): SettingsField<KnownCounter[]> {
  return channelField<KnownCounter[]>({
    ...channelRequest(setting.description, setting.required),
    get: ({ own }) => channelOf(own, type),
    set: (stored, value) => {
      const { guildId } = stored.settings;
      const others = stored.own.filter((known) => !isSetting(known, type));
      const counter = (channelId: string): Counter => ({
        ...PLAIN_COUNTER,
        guildId,
        channelId,
        type,
        source: 'setting',
      });
      stored.own = value === null ? others : [...others, { counter: counter(value as string), definition }];
    },
  });
}
