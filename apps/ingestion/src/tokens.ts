/** Injection tokens of what is no class. */
export const LOGGER = Symbol('LOGGER');
export const INGESTION_CONFIG = Symbol('INGESTION_CONFIG');
