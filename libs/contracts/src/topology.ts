/**
 * The names and arguments of everything that the services declare in RabbitMQ. They are a contract with publishers and
 * operators. The arguments of a queue cannot change once it exists.
 */
export const EVENTS_EXCHANGE = 'serverstats.events';
export const DEAD_LETTERS = 'serverstats.dead-letters';

export const QUEUES = {
  statistics: 'serverstats.statistics',
  starboard: 'serverstats.starboard',
  guilds: 'serverstats.guilds',
} as const;

export type QueueName = (typeof QUEUES)[keyof typeof QUEUES];

/** The arguments of the three event queues. */
export const EVENT_QUEUE_ARGUMENTS = {
  'x-queue-type': 'quorum',
  'x-dead-letter-exchange': DEAD_LETTERS,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
  'x-max-length-bytes': 2_147_483_648,
  // Far more than outages cause. RabbitMQ 3.10 counts every closed channel as a delivery, and 4.x defaults to 20.
  'x-delivery-limit': 1_000,
} as const;

const DAY_MS = 86_400_000;

export const DEAD_LETTER_QUEUE_ARGUMENTS = {
  'x-queue-type': 'quorum',
  'x-message-ttl': 30 * DAY_MS,
  // Reading a dead letter without removing it counts as a delivery.
  'x-delivery-limit': 1_000_000,
} as const;

/** The headers of dead letters from this system. Messages that the broker dead-letters have `x-death` instead. */
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
