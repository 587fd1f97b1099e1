/** Injection tokens of what is no class. */
export const LOGGER = Symbol('LOGGER');
export const INGESTION_CONFIG = Symbol('INGESTION_CONFIG');
/** A DiscordClient, or null without a token. */
export const DISCORD = Symbol('DISCORD');
/** The Clock of #libs/timing: what workers and everything that waits for Discord go by. */
export const CLOCK = Symbol('CLOCK');
