import { FIELD_TYPES } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import { SchemaProperty, SnowflakeProperty } from '../answers/answer-properties.js';
import type { RequestField, SettingsField } from './settings-part.js';

type Column<Value> = { [P in keyof GuildSettings]: GuildSettings[P] extends Value ? P : never }[keyof GuildSettings];

/** A setting that is stored in its own column. */
export function columnField(column: keyof GuildSettings, field: RequestField): SettingsField {
  return {
    ...field,
    answer: SchemaProperty(field.format.schema, answerOptions(field)),
    get: ({ settings }) => settings[column],
    set: ({ settings }, value) => void Object.assign(settings, { [column]: value }),
  };
}

export function onOffField(column: Column<boolean>, description: string): SettingsField {
  return columnField(column, { format: FIELD_TYPES.boolean, required: true, description });
}

export function channelColumnField(column: Column<string | null>, description: string): SettingsField {
  return channelField(columnField(column, channelRequest(description, true)));
}

/** A setting with the id of a channel, or null. */
export function channelField<Own>(field: Omit<SettingsField<Own>, 'answer' | 'namesChannel'>): SettingsField<Own> {
  return { ...field, namesChannel: true, answer: SnowflakeProperty(answerOptions(field)) };
}

export function channelRequest(description: string, required: boolean): RequestField {
  return { format: FIELD_TYPES.snowflake, nullable: true, required, description };
}

/** In responses, every field is required. */
function answerOptions({ nullable, description }: RequestField) {
  return { nullable, description };
}
