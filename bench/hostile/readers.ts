import { QUEUES, readGuildEvent, StatisticsContract, GUILD_EVENTS, type GuildEventName } from '#libs/contracts';
import { type JsonObject } from '#libs/json';
import type { IncomingMessage } from '../../apps/ingestion/src/intake/incoming-message.js';
import { readGuildEvents } from '../../apps/ingestion/src/guilds/read-guild-events.js';
import { readStatistics } from '../../apps/ingestion/src/statistics/read-statistics.js';
import { BadRequestError } from '../../apps/query/src/http/api-error.js';
import { asApiError } from '../../apps/query/src/http/api-exception.filter.js';
import { errorEnvelope } from '../../apps/query/src/http/envelope.js';
import { parseJsonBody } from '../../apps/query/src/http/json-body.js';
import { parseQueryString } from '../../apps/query/src/http/query-string.js';
import { GuildRequest } from '../../apps/query/src/requests/guild-request.dto.js';
import { readRequest } from '../../apps/query/src/requests/request.pipe.js';
import { PatchSettingsRequest, PutSettingsRequest } from '../../apps/query/src/settings/settings-requests.dto.js';

/** Reads what came, as the service does, down to the text of the answer or to the dead letters. */
export type Reader = (input: string) => unknown;

const RETENTION_DAYS = 62;
const contract = new StatisticsContract();

/** The ways in which the bodies of requests are read: by DTOs, by the kinds of the catalogue, as other events. */
export const BODY_READERS: Readonly<Record<string, Reader>> = {
  'PUT settings': answering((body) => readRequest(PutSettingsRequest, body)),
  'PATCH settings': answering((body) => readRequest(PatchSettingsRequest, body)),
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
  'a message of statistics': (body) =>
    readStatistics(messageOf(QUEUES.statistics, 'command.used', body), contract, RETENTION_DAYS),
  'a message of guilds': (body) =>
    readGuildEvents(messageOf(QUEUES.guilds, 'guild.snapshot', body), contract, RETENTION_DAYS),
};

function answering(read: (body: JsonObject) => void): Reader {
  return (text) => {
    const bytes = Buffer.from(text);
    return answer(() => {
      const body = parseJsonBody(bytes);
      // As DTOs do: what is no object has no fields.
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

/** What is wrong is told once; the other kinds are still to be read. */
function refuse(read: { ok: boolean }): void {
  if (!read.ok) JSON.stringify(read);
}

function messageOf(queue: string, routingKey: string, body: string): IncomingMessage {
  return { tag: 1, queue, routingKey, content: Buffer.from(body), arrivedAt: Date.now() };
}
