/** The groups of operations, in the order of the API document. */
export const TAGS = {
  Module: 'Enable and disable the module in a guild',
  Settings: 'What is collected and displayed in a guild',
  Statistics: 'Record events and read statistics',
  Starboard: 'Report stars of messages',
  'Counter panels': 'Channels whose names show counts',
  Privacy: 'Count, export and erase the data of a member',
  'API keys': 'Credentials for a single guild',
  Sessions: 'Logins in a browser',
  Directory: 'Names of guilds, channels, roles and users',
  Operations: 'For orchestrators and monitoring',
} as const;
