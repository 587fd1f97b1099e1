import type { FastifyRequest } from 'fastify';
import type { FormClass } from './form-field.js';
import { readForm } from './read-form.js';
import { requestFields } from './request-fields.js';

/** What a request asks for, read and checked. */
export interface RequestForm {
  fields: object;
  /** The guild that it names. */
  guildId?: string;
}

/**
 * Reads the fields of a form: of a GET from the query string, of a DELETE from body or query string, else from the
 * body. The reader throws BadRequestError, naming every wrong field.
 */
export function formReader(form: FormClass): (request: FastifyRequest) => RequestForm {
  return (request) => {
    const fields = readForm(form, requestFields(request)) as { guild_id?: string };
    return { fields, guildId: fields.guild_id };
  };
}

/** Reads the fields of a form from the parameters of the path; what the request says elsewhere is unknown to the form. */
export function pathFormReader(form: FormClass): (request: FastifyRequest) => RequestForm {
  return (request) => {
    const elsewhere = requestFields(request);
    return { fields: readForm(form, { ...elsewhere, ...(request.params as Record<string, unknown>) }) };
  };
}
