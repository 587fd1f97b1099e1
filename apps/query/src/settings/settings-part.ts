import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { FieldError } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import type { DiscordChannel } from '#libs/discord';
import type { LogIds } from '#libs/observability';
import type { FieldFormat } from '../requests/formats.js';

/** What is stored of a guild's settings: their row, and what one part keeps beside it. */
export interface Stored<Own = unknown> {
  settings: GuildSettings;
  own: Own;
}

/** A change of settings. What it does not name stays. */
export interface SettingsChange {
  guild_id: string;
  /** The change that the caller has seen last, in Unix milliseconds. */
  updated_at?: number;
  [field: string]: unknown;
}

/** A field of PUT and PATCH. */
export interface RequestField {
  format: FieldFormat;
  /** Whether PUT must name it. */
  required: boolean;
  /** Whether null is a value. @defaultValue false */
  nullable?: boolean;
  description: string;
}

/** A setting: it is read and written under one name. */
export interface SettingsField<Own = unknown> extends RequestField {
  /** Describes it in an answer, for the API documents. */
  answer: PropertyDecorator;
  /** Whether its value is the id of a channel of the guild. @defaultValue false */
  namesChannel?: boolean;
  get(stored: Readonly<Stored<Own>>): unknown;
  /** In memory alone. */
  set(stored: Stored<Own>, value: unknown): void;
}

/** A channel that the settings name anew, so that Discord is asked about it. */
export interface NamedChannel {
  field: string;
  channelId: string;
  /** What is wrong with a channel of the guild. */
  mistake(channel: DiscordChannel): string | undefined;
}

/** What a part does in Discord for one change. Nothing is stored but that it is under way. */
export interface DiscordWork {
  /** The channels that it has deleted so far. */
  readonly gone: ReadonlySet<string>;
  /** @throws DiscordApiInteractionError, BadRequestError or the signal's reason; then it is undone */
  run(signal: AbortSignal): Promise<void>;
  /** Takes back what was done, now or later, within {@link UNDO_MS}. Never throws. */
  undo(signal: AbortSignal): Promise<void>;
}

/** What all work in Discord for one change may take; with taking it back a request ends within a minute. */
export const WORK_MS = 45_000;
export const UNDO_MS = 15_000;

/** A change of settings, as a part checks it against what is stored. */
export interface CheckedChange {
  change: SettingsChange;
  /** The fields by which the change names channels. */
  named: readonly { field: string; channelId: string }[];
  /** What the part has done for it in Discord already. */
  work?: DiscordWork;
}

/** What one feature does with its settings. What it does not need, it leaves out. */
export interface SettingsPart<Own = unknown> {
  /** Reads what it keeps beside the row. */
  read?(manager: EntityManager, guildId: string): Promise<Own>;
  /** What must hold of its fields together. @param values may lack some */
  rules?(values: Readonly<Record<string, unknown>>): FieldError[];
  /** @param stored with the change made @throws BadRequestError for a change that does not fit what is stored */
  check?(before: Stored<Own>, stored: Stored<Own>, checked: CheckedChange): void;
  /** Takes a channel that is gone out, in memory alone. */
  forgetChannel?(stored: Stored<Own>, channelId: string): void;
  /** The channels that are new to the settings, or are so beside what has changed. */
  namedChannels?(before: Stored<Own>, after: Stored<Own>): NamedChannel[];
  /** Whether the change needs Discord, beside naming channels. */
  needsDiscord?(change: SettingsChange): boolean;
  /** @param ids for the log @throws DiscordApiInteractionError, BadRequestError for work that cannot be begun */
  work?(change: SettingsChange, after: Stored<Own>, ids: LogIds): DiscordWork | undefined;
  /**
   * Stores what it keeps beside the row, and sets off what follows. Comes in the transaction that has stored the row.
   *
   * @param work undefined when Discord was not needed
   */
  store?(manager: EntityManager, before: Stored<Own>, after: Stored<Own>, work?: DiscordWork): Promise<void>;
  /** What an answer tells beside the fields: the names are those of {@link SettingsFeature.answers}. */
  answer?(manager: EntityManager, stored: Stored<Own>): Promise<Record<string, unknown>>;
  /** Comes before a guild is erased. Never throws. @returns what is to be done in Discord afterwards; it never throws */
  beforeErasure?(guildId: string, ids: LogIds): Promise<() => Promise<void>>;
}

/** A feature with settings: what they look like outside, and the class that acts on them. */
export interface SettingsFeature<Own = unknown> {
  /** The settings, in the order of lists. */
  fields: Readonly<Record<string, SettingsField<Own>>>;
  /** What a request may ask for beside setting fields. */
  requests?: Readonly<Record<string, RequestField>>;
  /** What an answer tells beside the fields. Requests may send it back; it is ignored. */
  answers?: Readonly<Record<string, PropertyDecorator>>;
  part: Type<SettingsPart<Own>>;
}
