import { FIELD_TYPES, parseSnowflake } from '#libs/contracts';
import type { FieldFormat } from '../requests/formats.js';

/** Custom panels and counters of a guild. This is Discord's limit of channels in a category. */
export const MAX_COUNTERS = 50;

/** Discord trims whitespace, control and format characters from a name, and rejects a name that is then empty. */
const VISIBLE = /[^\s\p{Cc}\p{Cf}]/u;

/** A custom counter panel to create. */
export interface PanelToCreate {
  channel_name: string;
  role_id: string;
}

export const panelsToCreate: FieldFormat<PanelToCreate[]> = {
  expected:
    `a list of at most ${MAX_COUNTERS} objects, each with only channel_name ` +
    '(a string of 1 to 100 characters, not only whitespace) and role_id (a Discord id)',
  schema: {
    type: 'array',
    maxItems: MAX_COUNTERS,
    items: {
      title: 'PanelToCreate',
      type: 'object',
      required: ['channel_name', 'role_id'],
      properties: {
        channel_name: { ...FIELD_TYPES.text.schema, description: 'Must not be only whitespace' },
        role_id: FIELD_TYPES.snowflake.schema,
      },
      additionalProperties: false,
    },
  },
  parse: (value) => parseList(value, MAX_COUNTERS, parsePanel),
};

/** Channel ids of custom counter panels. Duplicates are removed. */
export const panelsToDelete: FieldFormat<string[]> = {
  expected: 'a list of Discord ids',
  schema: { type: 'array', items: FIELD_TYPES.snowflake.schema },
  parse: (value) => {
    const ids = parseList(value, Infinity, parseSnowflake);
    return ids && [...new Set(ids)];
  },
};

function parseList<T>(value: unknown, longest: number, parse: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > longest) return undefined;
  const items: T[] = [];
  for (const item of value as unknown[]) {
    const parsed = parse(item);
    if (parsed === undefined) return undefined;
    items.push(parsed);
  }
  return items;
}

function parsePanel(value: unknown): PanelToCreate | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const panel = value as Record<string, unknown>;
  if (Object.keys(panel).some((key) => key !== 'channel_name' && key !== 'role_id')) return undefined;
  const channelName = FIELD_TYPES.text.parse(panel.channel_name);
  const roleId = parseSnowflake(panel.role_id);
  if (channelName === undefined || roleId === undefined || !VISIBLE.test(channelName)) return undefined;
  return { channel_name: channelName, role_id: roleId };
}
