import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { FieldError } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import type { DiscordChannel } from '#libs/discord';
import type { LogIds } from '#libs/observability';
import type { FieldFormat } from '../requests/formats.js';

/** The stored settings of a guild: the row of `guild_settings`, and the data that one part stores elsewhere. */
export interface Stored<Own = unknown> {
  settings: GuildSettings;
  own: Own;
}

/** A change of settings. Missing fields stay unchanged. */
export interface SettingsChange {
  guild_id: string;
  /** The `updated_at` that the caller has read, for optimistic locking. Unix milliseconds. */
  updated_at?: number;
  [field: string]: unknown;
}

/** A field of PUT and PATCH requests. */
export interface RequestField {
  format: FieldFormat;
  /** Whether PUT requires it. */
  required: boolean;
  /** Whether the value may be null. @defaultValue false */
  nullable?: boolean;
  description: string;
}

/** A setting, which is read and written under the same name. */
export interface SettingsField<Own = unknown> extends RequestField {
  /** Describes the field in responses, for the API document. */
  answer: PropertyDecorator;
  /** Whether its value is the id of a channel of the guild. @defaultValue false */
  namesChannel?: boolean;
  get(stored: Readonly<Stored<Own>>): unknown;
  /** Sets the value in memory. */
  set(stored: Stored<Own>, value: unknown): void;
}

/** A channel in the settings that has to be checked with Discord. */
export interface NamedChannel {
  field: string;
  channelId: string;
  /** @returns what is wrong with the channel, or undefined */
  mistake(channel: DiscordChannel): string | undefined;
}

/** What a part does in Discord for one change. Until the change is stored, only the progress of the task is stored. */
export interface DiscordTask {
  /** The channels deleted so far. */
  readonly deletedChannels: ReadonlySet<string>;
  /** @throws DiscordApiInteractionError, BadRequestError or the signal's reason; the caller then calls {@link undo} */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Undoes the task within `UNDO_TIMEOUT_MS`, and leaves the rest to the ingestion service. Never throws.
   */
  undo(signal: AbortSignal): Promise<void>;
}

/** A change of settings that a part checks against the stored settings. */
export interface CheckedChange {
  change: SettingsChange;
  /** The channel fields of the change. */
  named: readonly { field: string; channelId: string }[];
  /** What the part has already done in Discord for this change. */
  task?: DiscordTask;
}

/** How one feature handles its settings. All methods are optional. */
export interface SettingsPart<Own = unknown> {
  /** Reads the data that the part stores outside of the settings row. */
  read?(manager: EntityManager, guildId: string): Promise<Own>;
  /** Checks rules that involve several fields. @param values may be incomplete */
  rules?(values: Readonly<Record<string, unknown>>): FieldError[];
  /**
   * @param stored the settings with the change applied @throws BadRequestError if the change conflicts with stored data
   */
  check?(before: Stored<Own>, stored: Stored<Own>, checked: CheckedChange): void;
  /** Removes a deleted channel, in memory. */
  forgetChannel?(stored: Stored<Own>, channelId: string): void;
  /** The channels that are new in the settings, or that must be checked again because of the change. */
  namedChannels?(before: Stored<Own>, after: Stored<Own>): NamedChannel[];
  /** Whether the change needs Discord for something other than checking channels. */
  needsDiscord?(change: SettingsChange): boolean;
  /** @param ids for the log @throws DiscordApiInteractionError, BadRequestError if the task cannot be started */
  discordTask?(change: SettingsChange, after: Stored<Own>, ids: LogIds): DiscordTask | undefined;
  /**
   * Stores the data outside of the settings row and starts what follows from the change. Runs in the transaction that
   * has stored the row.
   *
   * @param task undefined if Discord was not needed
   */
  store?(manager: EntityManager, before: Stored<Own>, after: Stored<Own>, task?: DiscordTask): Promise<void>;
  /** The values of {@link SettingsFeature.answers}. */
  answer?(manager: EntityManager, stored: Stored<Own>): Promise<Record<string, unknown>>;
  /**
   * Called before a guild is erased. Never throws.
   *
   * @param ids for the log
   * @returns a function that cleans up in Discord after the erasure; it never throws
   */
  beforeErasure?(guildId: string, ids: LogIds): Promise<() => Promise<void>>;
}

/** A feature with settings: their API, and the class that handles them. */
export interface SettingsFeature<Own = unknown> {
  /** The settings, in the order of the API document and responses. */
  fields: Readonly<Record<string, SettingsField<Own>>>;
  /** Request fields that are not settings. */
  requests?: Readonly<Record<string, RequestField>>;
  /** Response properties that are not settings. Requests may contain them, and they are ignored. */
  answers?: Readonly<Record<string, PropertyDecorator>>;
  part: Type<SettingsPart<Own>>;
}
