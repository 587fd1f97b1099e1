/**
 * The names and arguments of everything the services declare in RabbitMQ. They are the contract with publishers and
 * operators; the arguments of a queue cannot change once it exists.
 */
export const EVENTS_EXCHANGE = 'serverstats.events';
export const DEAD_LETTERS = 'serverstats.dead-letters';

export const QUEUES = {
  statistics: 'serverstats.statistics',
  starboard: 'serverstats.starboard',
  guilds: 'serverstats.guilds',
} as const;

export type QueueName = (typeof QUEUES)[keyof typeof QUEUES];

/** Arguments of the three event queues. */
export const EVENT_QUEUE_ARGUMENTS = {
  'x-queue-type': 'quorum',
  'x-dead-letter-exchange': DEAD_LETTERS,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
  'x-max-length-bytes': 2_147_483_648,
  // On 3.10 every closed channel counts as a delivery, 4.x defaults to 20: far above what outages cause.
  'x-delivery-limit': 1_000,
} as const;

const DAY_MS = 86_400_000;

export const DEAD_LETTER_QUEUE_ARGUMENTS = {
  'x-queue-type': 'quorum',
  'x-message-ttl': 30 * DAY_MS,
  // Looking at dead letters counts as a delivery.
  'x-delivery-limit': 1_000_000,
} as const;

/** Headers that this system puts on a dead letter. What the broker itself dead-letters has `x-death` instead. */
export const DEAD_LETTER_HEADERS = {
  errorName: 'x-error-name',
  errorMessage: 'x-error-message',
  errorFields: 'x-error-fields',
  originalRoutingKey: 'x-original-routing-key',
  /** ISO 8601. */
  diedAt: 'x-died-at',
  /** How often the operators' tool has published it again; the only one of these headers that a replayed message has. */
  replayCount: 'x-replay-count',
} as const;
