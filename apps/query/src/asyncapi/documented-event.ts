import {
  givenIdentity,
  GUILD_EVENTS,
  guildEventSchema,
  identifierOf,
  QUEUES,
  type CompiledKind,
  type GuildEventName,
  type JsonSchema,
  type QueueName,
  type StatisticKind,
  type StatisticsContract,
} from '#libs/contracts';
import { eventExamples, type EventExample } from './event-examples.js';
import { selfContained } from './self-contained-schema.js';

/** An event that the services take, as the documents describe it. */
export interface DocumentedEvent {
  /** The routing key. */
  name: string;
  /** The name as an identifier, such as `MessageSent`. */
  identifier: string;
  title: string;
  /** What decides whether two events are the same. */
  identity: string;
  queue: QueueName;
  /** Of one event. */
  schema: JsonSchema;
  examples: EventExample[];
}

const IDENTIFIED_BY_PUBLISHER =
  'Set `event_id` and `occurred_at`, or the AMQP properties `message_id` and `timestamp`, before the first attempt to publish. The event is then stored once, however often it is published.';
const STORED_ONCE = 'The event is stored once, however often it is published.';
const REPEATABLE = 'Publishing it twice has the same effect as publishing it once.';

/** Every event of the catalogue, in its order; then the events that are not statistics. */
export function documentedEvents(contract: StatisticsContract): DocumentedEvent[] {
  return [...contract.kinds.map(statisticEvent), ...(Object.keys(GUILD_EVENTS) as GuildEventName[]).map(guildEvent)];
}

function statisticEvent(kind: CompiledKind): DocumentedEvent {
  const { title } = kind.definition;
  const schema = selfContained(kind.schema());
  return {
    ...{ name: kind.name, identifier: identifierOf(kind.name), title, queue: QUEUES.statistics },
    ...{
      identity: identityOf(kind.definition),
      schema,
      examples: eventExamples(schema, snowflakeTimes(kind.definition)),
    },
  };
}

function identityOf(kind: StatisticKind): string {
  const { identifiedBy } = kind;
  if (identifiedBy === undefined) return IDENTIFIED_BY_PUBLISHER;
  if (typeof identifiedBy === 'string')
    return `\`${identifiedBy}\` identifies the event and holds its time. ${STORED_ONCE}`;
  const fields = identifiedBy.fields.map((field) => `\`${field}\``).join(' and ');
  const given = givenIdentity(kind);
  const orElse = given.eventId ? `; without ${fields}, \`event_id\` or the AMQP property \`message_id\` does` : '';
  const time = given.occurredAt ? ', whatever time it bears' : '';
  return `${fields} identify the event${orElse}. ${STORED_ONCE.slice(0, -1)}${time}.`;
}

/** The fields whose snowflakes hold a time of the event. */
function snowflakeTimes({ identifiedBy, measuredSince }: StatisticKind): string[] {
  return [identifiedBy, measuredSince].filter((field) => typeof field === 'string');
}

function guildEvent(name: GuildEventName): DocumentedEvent {
  const { title, queue } = GUILD_EVENTS[name];
  const schema = selfContained(guildEventSchema(name));
  return {
    ...{ name, identifier: identifierOf(name), title, identity: REPEATABLE, queue },
    ...{ schema, examples: eventExamples(schema) },
  };
}
