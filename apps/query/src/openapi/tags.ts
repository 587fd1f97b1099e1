/** The groups of operations, in the order of the documents. */
export const TAGS = {
  Module: 'Whether the module works in a guild',
  Settings: 'What is collected and shown in a guild',
  Statistics: 'Events to record, and what was recorded',
  Starboard: 'Stars of messages, for the starboard',
  'Counter panels': 'Channels whose names show counts',
  Privacy: 'What is stored of a member',
  'API keys': 'Credentials of single guilds',
  Operations: 'For orchestrators and monitoring',
} as const;
