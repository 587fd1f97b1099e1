import type { FastifyRequest } from 'fastify';
import { readGuildEvent, type CompiledKind, type FieldError, type GuildEventName } from '#libs/contracts';
import type { RequestForm } from '../forms/form-reader.js';
import { bodyFields } from '../forms/request-fields.js';
import { BadRequestError } from '../http/api-error.js';

/** Reads a statistic event from the body of a request. The reader throws BadRequestError. */
export function statisticReader(kind: CompiledKind): (request: FastifyRequest) => RequestForm {
  return (request) => {
    const fields = unwrap(kind.read(bodyFields(request)));
    return { fields, guildId: fields.guildId };
  };
}

/** Reads an event that is no statistic from the body of a request. The reader throws BadRequestError. */
export function guildEventReader(name: GuildEventName): (request: FastifyRequest) => RequestForm {
  return (request) => {
    const fields: { guild_id?: string } = unwrap(readGuildEvent(name, bodyFields(request)));
    return { fields, guildId: fields.guild_id };
  };
}

function unwrap<T>(read: { ok: true; value: T } | { ok: false; fields: FieldError[] }): T {
  if (!read.ok) throw new BadRequestError(read.fields);
  return read.value;
}
