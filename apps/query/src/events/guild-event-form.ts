import { readGuildEvent, type GuildEventFields, type GuildEventName, type JsonValue } from '#libs/contracts';
import { BadRequestError } from '../http/api-error.js';

/** Reads an event that is no statistic from the body of a request. @throws BadRequestError */
export function guildEventFields<N extends GuildEventName>(name: N, body: JsonValue): GuildEventFields<N> {
  const read = readGuildEvent(name, body);
  if (!read.ok) throw new BadRequestError(read.fields);
  return read.value;
}
