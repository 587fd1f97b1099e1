import type { Dimension } from './dimensions.js';
import type { SwitchName } from './switches.js';

/**
 * The column in which a field of an event is stored. It determines the type of the field:
 * - `user_id`, `actor_id`, `channel_id`, `message_id`: a snowflake. The actor is another member who had a part in it
 * - `label`: a text of 1 to 100 code points
 * - `value`: a delay in milliseconds, stored in microseconds
 * - `occurred_at`: the time of the event
 * - `since`: a time from which the event is measured, stored in `value` as the microseconds from it to the event
 * - `is_bot`: a boolean, stored as a bit of `flags`
 */
export const FIELD_COLUMNS = [
  'user_id',
  'actor_id',
  'channel_id',
  'message_id',
  'label',
  'value',
  'occurred_at',
  'since',
  'is_bot',
] as const;
export type FieldColumn = (typeof FIELD_COLUMNS)[number];

export interface FieldDefinition {
  column: FieldColumn;
  /** Whether events may lack the field. In records it is null then. @defaultValue false */
  isOptional?: boolean;
  /** The only texts that a field in the column `label` may hold. @defaultValue any text */
  words?: readonly string[];
  /** For documents. @defaultValue a general description of the column */
  description?: string;
}

/** Several fields that identify an event together. Its id is the UUIDv5 of their values. */
export interface CompositeIdentity {
  /** Their values are joined by colons, times as Unix milliseconds. If one is missing, `event_id` identifies the event. */
  fields: readonly string[];
  /** Follows the values, after another colon. It tells kinds with the same fields apart. */
  suffix?: string;
}

/** An earlier event of another kind whose fields complete an event that lacks them. */
export interface LookUp {
  /** The name of the other kind. */
  kind: string;
  /**
   * Which event of that kind:
   * - `same message`: the one with the same message, for a kind that is identified by its message
   * - `latest of user`: the last one of the same user before this event
   */
  which: 'same message' | 'latest of user';
  /** The fields that are taken, which both kinds have under the same name. */
  fields: readonly string[];
}

export interface StatisticKind {
  /**
   * Stored in `statistic_events.kind`. It must never change or be reused for another kind. Kinds of one's own have none
   * here: the database gives them one (see {@link CompiledKind.number}).
   */
  number?: number;
  /** Describes an event of this kind in documents. */
  title: string;
  /**
   * The noun for records of this kind in operation ids: `message` gives `recordMessage`, `listMessages` and
   * `summarizeMessages`. @defaultValue the name of the kind: `recordPollVoted`, `listPollVotedRecords`
   */
  noun?: string;
  /** The path of the POST route that records events, relative to the module's prefix. */
  recordPath: string;
  /** The path of the GET route that lists records, relative to the module's prefix. */
  viewPath: string;
  /** Events are collected only while this switch of the guild is on. */
  switch: string;
  /** Events with `is_bot` are collected only while this switch is on too. */
  botSwitch?: string;
  /** Whether events can have an optional `user_id`. False for kinds that have a field in the column `user_id`. */
  optionalUser: boolean;
  /** The fields of the event besides `guild_id`, in the order of documents and records. A column alone is required. */
  fields: Readonly<Record<string, FieldColumn | FieldDefinition>>;
  /**
   * The field whose snowflake determines identity and time of the event, or the fields that determine its identity.
   * @defaultValue `event_id` and `occurred_at` determine them
   */
  identifiedBy?: string | CompositeIdentity;
  /**
   * Whether the first event with an id is stored and later ones are not, whatever time they have. For kinds whose
   * publishers cannot know the time exactly. See docs/storage.md. @defaultValue the time is part of the identity
   */
  isClaimed?: boolean;
  /** What completes events of this kind. The kind must be claimed. */
  lookUp?: LookUp;
  /** The field whose snowflake holds the time from which the event is measured. The measure is stored in `value`. */
  measuredSince?: string;
  /** The name in `group_by` for the field in the column `label`. @defaultValue the name of the field */
  labelGrouping?: string;
  /**
   * The dimensions by which the summary groups, by their names in `group_by`. @defaultValue `user`, `channel` and the
   * field in the column `label`, as far as the kind has them
   */
  groupings?: Readonly<Record<string, Dimension>>;
}

/** A kind of this project, as opposed to one that an operator has defined in a file. */
export interface BuiltInKind extends StatisticKind {
  number: number;
  switch: SwitchName;
  botSwitch?: SwitchName;
}

export type Catalogue = Readonly<Record<string, BuiltInKind>>;

/**
 * The kinds of statistics. The key is the name of the kind and the routing key of its events. Routes, validation, API
 * documents, storage and consumers are derived from it; see docs/adding-a-statistic.md.
 */
export const CATALOGUE = {
  'command.used': {
    number: 1,
    title: 'A command was used',
    noun: 'command',
    recordPath: 'stats/command/check',
    viewPath: 'stats/command/view',
    switch: 'stats_command_usage',
    optionalUser: true,
    fields: { command: 'label' },
  },
  'message.sent': {
    number: 2,
    title: 'A message was sent',
    noun: 'message',
    recordPath: 'stats/message/check',
    viewPath: 'stats/message/view',
    switch: 'stats_message_statistics',
    botSwitch: 'stats_track_bot_messages',
    optionalUser: true,
    fields: { member_is_bot: 'is_bot', channel_id: 'channel_id', message_id: 'message_id' },
    identifiedBy: 'message_id',
  },
  'reminder.created': {
    number: 3,
    title: 'A reminder was created',
    noun: 'created reminder',
    recordPath: 'stats/functions/reminders/created',
    viewPath: 'stats/functions/reminders/created/view',
    switch: 'stats_functions_reminders_statistics_enabled',
    optionalUser: true,
    fields: {},
  },
  'reminder.deleted': {
    number: 4,
    title: 'A reminder was deleted',
    noun: 'deleted reminder',
    recordPath: 'stats/functions/reminders/deleted',
    viewPath: 'stats/functions/reminders/deleted/view',
    switch: 'stats_functions_reminders_statistics_enabled',
    optionalUser: true,
    fields: {},
  },
  'giveaway.responded': {
    number: 5,
    title: 'Somebody responded to a giveaway',
    noun: 'giveaway response',
    recordPath: 'stats/functions/giveaways/responders',
    viewPath: 'stats/functions/giveaways/responders/view',
    switch: 'stats_functions_giveaways_statistics_enabled',
    optionalUser: true,
    fields: { old_giveaway_id: 'label' },
    labelGrouping: 'giveaway',
  },
  'giveaway.created': {
    number: 6,
    title: 'A giveaway was created',
    noun: 'created giveaway',
    recordPath: 'stats/functions/giveaways/created',
    viewPath: 'stats/functions/giveaways/created/view',
    switch: 'stats_functions_giveaways_statistics_enabled',
    optionalUser: true,
    fields: {},
  },
  'giveaway.deleted': {
    number: 7,
    title: 'A giveaway was deleted',
    noun: 'deleted giveaway',
    recordPath: 'stats/functions/giveaways/deleted',
    viewPath: 'stats/functions/giveaways/deleted/view',
    switch: 'stats_functions_giveaways_statistics_enabled',
    optionalUser: true,
    fields: {},
  },
  'tempchannel.created': {
    number: 8,
    title: 'A temp channel was created',
    noun: 'temp channel',
    recordPath: 'stats/modules/tempchannels/created',
    viewPath: 'stats/modules/tempchannels/created/view',
    switch: 'stats_modules_tempchannels_statistics_enabled',
    optionalUser: false,
    fields: { initial_creator_id: 'user_id' },
  },
  'tempchannel.creation_timed': {
    number: 9,
    title: 'How long it took to create a temp channel',
    noun: 'temp channel creation time',
    recordPath: 'stats/modules/tempchannels/creation-time',
    viewPath: 'stats/modules/tempchannels/creation-time/view',
    switch: 'stats_modules_tempchannels_statistics_enabled',
    optionalUser: false,
    fields: { initial_creator_id: 'user_id', creation_time_delay: 'value' },
  },
  'tempchannel.deletion_timed': {
    number: 10,
    title: 'How long it took to delete a temp channel',
    noun: 'temp channel deletion time',
    recordPath: 'stats/modules/tempchannels/deletion-time',
    viewPath: 'stats/modules/tempchannels/deletion-time/view',
    switch: 'stats_modules_tempchannels_statistics_enabled',
    optionalUser: false,
    fields: { initial_creator_id: 'user_id', deletion_time_delay: 'value' },
  },
  'reactionrole.check_timed': {
    number: 11,
    title: 'How long it took to check a reaction role',
    noun: 'reaction role check time',
    recordPath: 'stats/modules/reactionroles/check-time',
    viewPath: 'stats/modules/reactionroles/check-time/view',
    switch: 'stats_modules_reactionroles_statistics_enabled',
    optionalUser: false,
    fields: { check_time_delay: 'value' },
  },
  'tag.send_timed': {
    number: 12,
    title: 'How long it took to send a tag',
    noun: 'tag send time',
    recordPath: 'stats/modules/tags/send-time',
    viewPath: 'stats/modules/tags/send-time/view',
    switch: 'stats_modules_tags_statistics_enabled',
    optionalUser: false,
    fields: { send_time_delay: 'value' },
  },
  'autoresponder.response_timed': {
    number: 13,
    title: 'How long it took the autoresponder to respond',
    noun: 'autoresponder response time',
    recordPath: 'stats/modules/autoresponder/response-time',
    viewPath: 'stats/modules/autoresponder/response-time/view',
    switch: 'stats_modules_autoresponder_statistics_enabled',
    optionalUser: false,
    fields: { response_time_delay: 'value' },
  },
  'member.joined': {
    number: 14,
    title: 'A member joined',
    noun: 'joined member',
    recordPath: 'stats/members/joined',
    viewPath: 'stats/members/joined/view',
    switch: 'stats_members_enabled',
    optionalUser: false,
    fields: {
      user_id: 'user_id',
      joined_at: { column: 'occurred_at', description: 'When the member joined, as Discord says' },
      member_is_bot: { column: 'is_bot', isOptional: true, description: 'Whether the member is a bot' },
      invite_code: { column: 'label', isOptional: true, description: 'The code of the invite that was used' },
      inviter_id: { column: 'actor_id', isOptional: true, description: 'The member who made the invite' },
    },
    identifiedBy: { fields: ['user_id', 'joined_at'] },
    groupings: { invite: 'label', inviter: 'actor' },
  },
  'member.left': {
    number: 15,
    title: 'A member left',
    noun: 'left member',
    recordPath: 'stats/members/left',
    viewPath: 'stats/members/left/view',
    switch: 'stats_members_enabled',
    optionalUser: false,
    fields: {
      user_id: 'user_id',
      joined_at: {
        column: 'since',
        isOptional: true,
        description:
          'When the member had joined, as Discord says. Without it, the last stored join of the member counts',
      },
      member_is_bot: { column: 'is_bot', isOptional: true, description: 'Whether the member is a bot' },
      reason: {
        column: 'label',
        isOptional: true,
        words: ['left', 'kicked', 'banned', 'pruned'],
        description: 'Why the member is gone',
      },
    },
    identifiedBy: { fields: ['user_id', 'joined_at'], suffix: 'left' },
    isClaimed: true,
    lookUp: { kind: 'member.joined', which: 'latest of user', fields: ['joined_at'] },
    groupings: { reason: 'label' },
  },
  'message.deleted': {
    number: 16,
    title: 'A message was deleted',
    noun: 'deleted message',
    recordPath: 'stats/messages/deleted',
    viewPath: 'stats/messages/deleted/view',
    switch: 'stats_message_deletions_enabled',
    optionalUser: true,
    fields: {
      channel_id: 'channel_id',
      message_id: 'message_id',
      member_is_bot: { column: 'is_bot', isOptional: true, description: 'Whether a bot wrote the message' },
      deleted_by: { column: 'actor_id', isOptional: true, description: 'Who deleted the message' },
    },
    identifiedBy: { fields: ['message_id'], suffix: 'deleted' },
    isClaimed: true,
    lookUp: { kind: 'message.sent', which: 'same message', fields: ['user_id', 'member_is_bot'] },
    measuredSince: 'message_id',
    groupings: { user: 'user', channel: 'channel' },
  },
} as const satisfies Catalogue;

/** Converts a name to an identifier: `message.sent` becomes `MessageSent`. */
export function identifierOf(name: string): string {
  return name.replace(/(?:^|[._ ])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The path of the GET route that summarizes records: beside a path that ends in `view`, else below it. */
export function summaryPathOf({ viewPath }: StatisticKind): string {
  return `${viewPath.replace(/\/view$/, '')}/summary`;
}

/** A field of a kind. */
export interface KindField extends FieldDefinition {
  name: string;
  isOptional: boolean;
}

/** The fields of a kind, in order, without an optional `user_id`. */
export function fieldsOf(kind: StatisticKind): KindField[] {
  return Object.entries(kind.fields).map(([name, field]) => ({
    name,
    ...(typeof field === 'string' ? { column: field } : field),
    isOptional: typeof field !== 'string' && field.isOptional === true,
  }));
}

/** Whether records of this kind have a `user_id`. */
export function hasUser(kind: StatisticKind): boolean {
  return kind.optionalUser || fieldIn(kind, 'user_id') !== undefined;
}

/** The name of the kind's field that is stored in this column, if it has one. */
export function fieldIn(kind: StatisticKind, column: FieldColumn): string | undefined {
  return fieldsOf(kind).find((field) => field.column === column)?.name;
}

/** The query parameters that filter records. Each kind supports some of them. */
export const FILTERS = ['user_id', 'channel_id'] as const;
export type Filter = (typeof FILTERS)[number];

export function filtersOf(kind: StatisticKind): Filter[] {
  return FILTERS.filter((filter) => (filter === 'user_id' ? hasUser(kind) : fieldIn(kind, filter) !== undefined));
}

/** The dimensions of a kind, by the value of `group_by`. */
export function groupingsOf(kind: StatisticKind): ReadonlyMap<string, Dimension> {
  if (kind.groupings !== undefined) return new Map(Object.entries(kind.groupings));
  const groupings = new Map<string, Dimension>();
  if (hasUser(kind)) groupings.set('user', 'user');
  if (fieldIn(kind, 'channel_id') !== undefined) groupings.set('channel', 'channel');
  const label = fieldIn(kind, 'label');
  if (label !== undefined) groupings.set(kind.labelGrouping ?? label, 'label');
  return groupings;
}

/** Whether records of this kind have a measure, such as a delay or a length of stay, so that summaries describe it. */
export function isTimed(kind: StatisticKind): boolean {
  return fieldIn(kind, 'value') !== undefined || mayLackMeasure(kind);
}

/** Whether the measure is the time from something else to the event, which is not known of every event. */
export function mayLackMeasure(kind: StatisticKind): boolean {
  return kind.measuredSince !== undefined || fieldIn(kind, 'since') !== undefined;
}

/** Whether publishers say which event it is (`event_id`) and when it happened (`occurred_at`). */
export function givenIdentity(kind: StatisticKind): { eventId: boolean; occurredAt: boolean } {
  const { identifiedBy } = kind;
  if (identifiedBy === undefined) return { eventId: true, occurredAt: true };
  if (typeof identifiedBy === 'string') return { eventId: false, occurredAt: false };
  const isMissable = ({ name, isOptional }: KindField) => isOptional && identifiedBy.fields.includes(name);
  return { eventId: fieldsOf(kind).some(isMissable), occurredAt: fieldIn(kind, 'occurred_at') === undefined };
}
