/** Injects the QueryConfig of #libs/config. */
export const QUERY_CONFIG = Symbol('QueryConfig');
/** Injects the Logger of #libs/observability. */
export const LOGGER = Symbol('Logger');
/** Injects after how many milliseconds an erasure is answered that is not finished. */
export const ERASURE_PATIENCE_MS = Symbol('erasurePatienceMs');
/** Injects the ErasureLog of #libs/database, or null where erasures are not logged. */
export const ERASURE_LOG = Symbol('ErasureLog');
/** Injects the EventHandover of #libs/broker. */
export const EVENT_HANDOVER = Symbol('EventHandover');
/** A DiscordClient, or null without a token. */
export const DISCORD = Symbol('DISCORD');
/** The Clock of #libs/timing: what everything that has to do with Discord goes by. */
export const CLOCK = Symbol('CLOCK');
