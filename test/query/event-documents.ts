import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { CATALOGUE, GUILD_EVENTS, StatisticsContract, type GuildEventName } from '#libs/contracts';
import { guildEvents } from '../../apps/ingestion/src/intake/guild-event-type.js';
import type { EventType } from '../../apps/ingestion/src/intake/event-type.js';
import { MessageDecoder } from '../../apps/ingestion/src/intake/message-decoder.js';
import type { EventResult } from '../../apps/ingestion/src/intake/event-result.js';
import { StatisticEventType } from '../../apps/ingestion/src/statistics/statistic-event-type.js';
import { asyncApiDocument, type AsyncApiDocument } from '../../apps/query/src/asyncapi/asyncapi-document.js';

/** The catalogue, and an extra kind with a field for every column. */
export const CONTRACT = new StatisticsContract({
  ...CATALOGUE,
  'poll.voted': {
    number: 900,
    title: 'Somebody voted in a poll',
    recordPath: 'stats/polls/voted',
    viewPath: 'stats/polls/voted/view',
    switch: 'stats_command_usage',
    optionalUser: false,
    fields: {
      voter: 'user_id',
      channel: 'channel_id',
      poll_message: 'message_id',
      poll: 'label',
      seconds_taken: 'value',
      by_bot: 'is_bot',
    },
  },
});

/** The AsyncAPI document of {@link CONTRACT} and the decoder of ingestion, so that tests can compare them. */
export class EventDocuments {
  readonly document: AsyncApiDocument = asyncApiDocument(CONTRACT);
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false });
  private readonly types: ReadonlyMap<string, EventType>;
  private readonly decoder: MessageDecoder;

  constructor() {
    const types = [
      ...CONTRACT.kinds.map((kind) => new StatisticEventType(kind) as EventType),
      ...guildEvents(...(Object.keys(GUILD_EVENTS) as GuildEventName[]))(),
    ];
    this.types = new Map(types.map((type) => [type.name, type]));
    this.decoder = new MessageDecoder({ types: this.types, retentionDays: 62 });
    this.ajv.addSchema({ $id: 'events', components: this.document.components });
  }

  /** @param path the keys that lead to the schema, such as `components`, `schemas`, `MessageSentEvent` */
  validator(...path: string[]): ValidateFunction {
    return this.ajv.compile({ $ref: `events#/${path.map((key) => encodeURIComponent(key)).join('/')}` });
  }

  /** @param routingKey the name of an event, or of a queue. @param arrivedAt Unix milliseconds */
  decode(routingKey: string, body: unknown, arrivedAt: number): EventResult[] {
    const queue = this.types.get(routingKey)?.queue ?? routingKey;
    const content = Buffer.from(JSON.stringify(body));
    return this.decoder.decode({ queue, routingKey, content, arrivedAt }).results;
  }
}
