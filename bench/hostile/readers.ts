import {
  CounterTypes,
  GUILD_EVENTS,
  QUEUES,
  readGuildEvent,
  StatisticsContract,
  type GuildEventName,
} from '#libs/contracts';
import { type JsonObject } from '#libs/json';
import type { IncomingMessage } from '../../apps/ingestion/src/intake/incoming-message.js';
import { guildEvents } from '../../apps/ingestion/src/intake/guild-event-type.js';
import { MessageDecoder } from '../../apps/ingestion/src/intake/message-decoder.js';
import { StatisticEventType } from '../../apps/ingestion/src/statistics/statistic-event-type.js';
import { BadRequestError } from '../../apps/query/src/http/api-error.js';
import { asApiError } from '../../apps/query/src/http/api-exception.filter.js';
import { errorEnvelope } from '../../apps/query/src/http/envelope.js';
import { parseJsonBody } from '../../apps/query/src/http/json-body.js';
import { parseQueryString } from '../../apps/query/src/http/query-string.js';
import { GuildRequest } from '../../apps/query/src/requests/guild-request.dto.js';
import { readRequest } from '../../apps/query/src/requests/request.pipe.js';
import { settingsFeatures } from '../../apps/query/src/settings-features.js';
import { settingsRequests } from '../../apps/query/src/settings/settings-requests.dto.js';

/** Reads an input as the service does, up to the text of the response or the dead letters. */
export type Reader = (input: string) => unknown;

const RETENTION_DAYS = 62;
const contract = new StatisticsContract();
const requests = settingsRequests(settingsFeatures(new CounterTypes(), contract));
const types = [...contract.kinds.map((kind) => new StatisticEventType(kind)), ...guildEvents('guild.snapshot')()];
const decoder = new MessageDecoder({
  types: new Map(types.map((type) => [type.name, type])),
  retentionDays: RETENTION_DAYS,
});

/** The readers of request bodies: DTOs, kinds of the catalogue and other events. */
export const BODY_READERS: Readonly<Record<string, Reader>> = {
  'PUT settings': answering((body) => readRequest(requests.put, body)),
  'PATCH settings': answering((body) => readRequest(requests.patch, body)),
  'a guild': answering((body) => readRequest(GuildRequest, body)),
  'a record': answering((body) => {
    for (const kind of contract.kinds) refuse(kind.read(body));
  }),
  'another event': answering((body) => {
    for (const name of Object.keys(GUILD_EVENTS) as GuildEventName[]) refuse(readGuildEvent(name, body));
  }),
};

export const QUERY_READERS: Readonly<Record<string, Reader>> = {
  'a query string': (text) =>
    answer(() => {
      const { values, mistakes } = parseQueryString(text);
      if (mistakes.length > 0) throw new BadRequestError(mistakes);
      readRequest(GuildRequest, values);
    }),
};

export const MESSAGE_READERS: Readonly<Record<string, Reader>> = {
  'a message of statistics': (body) => decoder.decode(messageOf(QUEUES.statistics, 'command.used', body)),
  'a message of guilds': (body) => decoder.decode(messageOf(QUEUES.guilds, 'guild.snapshot', body)),
};

function answering(read: (body: JsonObject) => void): Reader {
  return (text) => {
    const bytes = Buffer.from(text);
    return answer(() => {
      const body = parseJsonBody(bytes);
      // DTOs reject bodies that are not objects.
      if (Array.isArray(body)) throw new BadRequestError([{ field: 'body', message: 'must be a JSON object' }]);
      read(body as JsonObject);
    });
  };
}

function answer(work: () => void): string {
  try {
    work();
    return '';
  } catch (error) {
    return JSON.stringify(errorEnvelope(asApiError(error)));
  }
}

/** Serializes the mistakes without throwing, so that the other kinds are read too. */
function refuse(read: { ok: boolean }): void {
  if (!read.ok) JSON.stringify(read);
}

function messageOf(queue: string, routingKey: string, body: string): IncomingMessage {
  return { queue, routingKey, content: Buffer.from(body), arrivedAt: Date.now() };
}
