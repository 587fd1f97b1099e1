/** The body of a message is at most this large, in bytes, compressed or not. */
export const MAX_BODY_BYTES = 1_048_576;

/** An array of events holds at most this many. */
export const MAX_ARRAY_LENGTH = 1_000;
