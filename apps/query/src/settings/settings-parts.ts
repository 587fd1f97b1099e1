import type { EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import type { LogIds } from '#libs/observability';
import { BadRequestError } from '../http/api-error.js';
import { enabledOnly, findSettings } from './guild-settings.reader.js';
import type {
  DiscordTask,
  NamedChannel,
  SettingsChange,
  SettingsFeature,
  SettingsPart,
  Stored,
} from './settings-part.js';

/** The stored settings of a guild. All parts share the same `settings` row. */
export interface GuildState {
  settings: GuildSettings;
  /** In the order of the features. */
  stored: readonly Stored[];
}

/** The Discord task of each part, in the order of the features. */
export type DiscordTasks = readonly (DiscordTask | undefined)[];

/** The settings of all features. Calls every part, in the order of the features. */
export class SettingsParts {
  constructor(
    private readonly features: readonly SettingsFeature[],
    private readonly parts: readonly SettingsPart[],
  ) {}

  /** @throws ModuleDisabledError */
  async read(manager: EntityManager, guildId: string): Promise<GuildState> {
    const settings = enabledOnly(await findSettings(manager, guildId));
    const stored: Stored[] = [];
    for (const part of this.parts) stored.push({ settings, own: await part.read?.(manager, guildId) });
    return { settings, stored };
  }

  /** The settings in a response, without `guild_id` and `updated_at`. */
  async answer(manager: EntityManager, state: GuildState): Promise<Record<string, unknown>> {
    const answer = this.values(state);
    for (const [index, part] of this.parts.entries()) {
      Object.assign(answer, await part.answer?.(manager, state.stored[index]!));
    }
    return answer;
  }

  /** The values of all settings, by field name. */
  values({ stored }: GuildState): Record<string, unknown> {
    const entries = this.features.flatMap(({ fields }, index) =>
      Object.entries(fields).map(([name, field]) => [name, field.get(stored[index]!)] as const),
    );
    return Object.fromEntries(entries);
  }

  copy({ settings, stored }: GuildState): GuildState {
    const copy = Object.assign(new GuildSettings(), settings);
    return { settings: copy, stored: stored.map(({ own }) => ({ settings: copy, own })) };
  }

  /** Sets the fields of the change. */
  set({ stored }: GuildState, change: SettingsChange): void {
    for (const [index, { fields }] of this.features.entries()) {
      for (const [name, field] of Object.entries(fields)) {
        if (change[name] !== undefined) field.set(stored[index]!, change[name]);
      }
    }
  }

  forgetChannels({ stored }: GuildState, channelIds: Iterable<string>): void {
    for (const channelId of channelIds) {
      for (const [index, part] of this.parts.entries()) part.forgetChannel?.(stored[index]!, channelId);
    }
  }

  /** Checks rules that involve several fields. @throws BadRequestError that names every invalid field */
  checkRules(values: Readonly<Record<string, unknown>>): void {
    const mistakes = this.parts.flatMap((part) => part.rules?.(values) ?? []);
    if (mistakes.length > 0) throw new BadRequestError(mistakes);
  }

  /** @throws BadRequestError if the change conflicts with stored data */
  check(before: GuildState, after: GuildState, change: SettingsChange, tasks?: DiscordTasks): void {
    const named = this.channelsIn(change);
    for (const [index, part] of this.parts.entries()) {
      part.check?.(before.stored[index]!, after.stored[index]!, { change, named, task: tasks?.[index] });
    }
  }

  needDiscord(change: SettingsChange): boolean {
    return this.parts.some((part) => part.needsDiscord?.(change));
  }

  /** The channel fields of the change. */
  channelsIn(change: SettingsChange): { field: string; channelId: string }[] {
    const names = this.features.flatMap(({ fields }) =>
      Object.keys(fields).filter((name) => fields[name]!.namesChannel),
    );
    return names.flatMap((field) => {
      const channelId = change[field];
      return typeof channelId === 'string' ? [{ field, channelId }] : [];
    });
  }

  /** The channels that have to be checked with Discord. */
  namedChannels(before: GuildState, after: GuildState): NamedChannel[] {
    return this.parts.flatMap((part, index) => part.namedChannels?.(before.stored[index]!, after.stored[index]!) ?? []);
  }

  /** @throws DiscordApiInteractionError, BadRequestError if a task cannot be started */
  discordTasks(change: SettingsChange, after: GuildState, ids: LogIds): DiscordTasks {
    return this.parts.map((part, index) => part.discordTask?.(change, after.stored[index]!, ids));
  }

  /** Runs in the transaction that has stored the settings row. */
  async store(manager: EntityManager, before: GuildState, after: GuildState, tasks?: DiscordTasks): Promise<void> {
    for (const [index, part] of this.parts.entries()) {
      await part.store?.(manager, before.stored[index]!, after.stored[index]!, tasks?.[index]);
    }
  }

  /** @returns a function that cleans up in Discord after the erasure */
  async beforeErasure(guildId: string, ids: LogIds): Promise<() => Promise<void>> {
    const cleanUps: (() => Promise<void>)[] = [];
    for (const part of this.parts) {
      const cleanUp = await part.beforeErasure?.(guildId, ids);
      if (cleanUp) cleanUps.push(cleanUp);
    }
    return async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    };
  }
}

/** The channels that these tasks have deleted so far. */
export function deletedChannels(tasks: DiscordTasks = []): Set<string> {
  return new Set(tasks.flatMap((task) => [...(task?.deletedChannels ?? [])]));
}
