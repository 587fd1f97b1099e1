import type { PipeTransform } from '@nestjs/common';
import { readGuildEvent, type CompiledKind, type GuildEventName, type Read } from '#libs/contracts';
import type { JsonObject } from '#libs/json';
import { BadRequestError } from '../http/api-error.js';
import { bodyFields } from '../requests/request-fields.js';

/** Reads an event from a request body, with the same compiled reader that reads it from a message. */
class EventPipe<T> implements PipeTransform {
  constructor(private readonly read: (body: JsonObject) => Read<T>) {}

  /** @throws BadRequestError that names every invalid field */
  transform(body: unknown): T {
    const read = this.read(bodyFields(body));
    if (!read.ok) throw new BadRequestError(read.fields);
    return read.value;
  }
}

/** For `@Body()`: a statistic event. */
export const StatisticBody = (kind: CompiledKind): PipeTransform => new EventPipe((body) => kind.read(body));

/** For `@Body()`: an event that is not a statistic. */
export const GuildEventBody = (name: GuildEventName): PipeTransform =>
  new EventPipe((body) => readGuildEvent(name, body));
