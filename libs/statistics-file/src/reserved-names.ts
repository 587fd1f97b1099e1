/** Paths of the module that are not of a kind, with everything below them. */
export const RESERVED_PATHS = [
  'settings',
  'status',
  'enable',
  'disable',
  'starboard',
  'privacy',
  'counters',
  'stats/overview',
  'stats/collection',
  'stats/kinds',
  'stats/gauges',
  'stats/counter-panel',
] as const;

/** Fields of the settings that are not switches begin so. */
export const RESERVED_SETTINGS = /^(?:guild_id$|updated_at$|constructor$|counter_panel_|starboard_)/;

/** Fields that every record or every event has. */
export const RESERVED_FIELDS: readonly string[] = [
  'id',
  'guild_id',
  'timestamp',
  'event_id',
  'occurred_at',
  'kind',
  'record',
  'constructor',
];

/** Fields that are also filters: they may only hold what the column of the same name does. */
export const FIELDS_OF_THEIR_COLUMN: readonly string[] = ['user_id', 'channel_id', 'message_id'];
