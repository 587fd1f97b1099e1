import type { EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import type { LogIds } from '#libs/observability';
import { BadRequestError } from '../http/api-error.js';
import { enabledOnly, findSettings } from './guild-settings.reader.js';
import type {
  DiscordWork,
  NamedChannel,
  SettingsChange,
  SettingsFeature,
  SettingsPart,
  Stored,
} from './settings-part.js';

/** What is stored of a guild's settings. All parts share the row. */
export interface GuildState {
  settings: GuildSettings;
  /** In the order of the features. */
  stored: readonly Stored[];
}

/** The work of each part, in the order of the features. */
export type Works = readonly (DiscordWork | undefined)[];

/** The settings as a whole: asks every part, in the order of the features. */
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

  /** What an answer shows, beside the guild and the time. */
  async answer(manager: EntityManager, state: GuildState): Promise<Record<string, unknown>> {
    const answer = this.values(state);
    for (const [index, part] of this.parts.entries()) {
      Object.assign(answer, await part.answer?.(manager, state.stored[index]!));
    }
    return answer;
  }

  /** By field. */
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

  /** Sets the fields that the change names. */
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

  /** What settings must be as a whole. @throws BadRequestError naming every field that is missing */
  checkRules(values: Readonly<Record<string, unknown>>): void {
    const mistakes = this.parts.flatMap((part) => part.rules?.(values) ?? []);
    if (mistakes.length > 0) throw new BadRequestError(mistakes);
  }

  /** @throws BadRequestError for a change that does not fit what is stored */
  check(before: GuildState, after: GuildState, change: SettingsChange, works?: Works): void {
    const named = this.channelsIn(change);
    for (const [index, part] of this.parts.entries()) {
      part.check?.(before.stored[index]!, after.stored[index]!, { change, named, work: works?.[index] });
    }
  }

  needDiscord(change: SettingsChange): boolean {
    return this.parts.some((part) => part.needsDiscord?.(change));
  }

  /** The channels that the change names. */
  channelsIn(change: SettingsChange): { field: string; channelId: string }[] {
    const names = this.features.flatMap(({ fields }) =>
      Object.keys(fields).filter((name) => fields[name]!.namesChannel),
    );
    return names.flatMap((field) => {
      const channelId = change[field];
      return typeof channelId === 'string' ? [{ field, channelId }] : [];
    });
  }

  /** Those that Discord has to be asked about. */
  namedChannels(before: GuildState, after: GuildState): NamedChannel[] {
    return this.parts.flatMap((part, index) => part.namedChannels?.(before.stored[index]!, after.stored[index]!) ?? []);
  }

  /** @throws DiscordApiInteractionError, BadRequestError for work that cannot be begun */
  works(change: SettingsChange, after: GuildState, ids: LogIds): Works {
    return this.parts.map((part, index) => part.work?.(change, after.stored[index]!, ids));
  }

  /** Comes in the transaction that has stored the row. */
  async store(manager: EntityManager, before: GuildState, after: GuildState, works?: Works): Promise<void> {
    for (const [index, part] of this.parts.entries()) {
      await part.store?.(manager, before.stored[index]!, after.stored[index]!, works?.[index]);
    }
  }

  /** @returns what is to be done in Discord once the guild is erased */
  async beforeErasure(guildId: string, ids: LogIds): Promise<() => Promise<void>> {
    const farewells: (() => Promise<void>)[] = [];
    for (const part of this.parts) {
      const farewell = await part.beforeErasure?.(guildId, ids);
      if (farewell) farewells.push(farewell);
    }
    return async () => {
      for (const farewell of farewells) await farewell();
    };
  }
}

/** The channels that are deleted by now. */
export function goneChannels(works: Works = []): Set<string> {
  return new Set(works.flatMap((work) => [...(work?.gone ?? [])]));
}
