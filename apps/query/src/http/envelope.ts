import type { ApiError } from './api-error.js';
import type { FailureEnvelope, PageLinks, SuccessEnvelope } from './envelope.dto.js';
import type { ErrorAnswer } from './errors.dto.js';

/** The result of a handler that sets a status or a next page besides its data. */
export class Answer<T> {
  constructor(
    readonly data: T,
    readonly options: {
      status?: number;
      /** For lists: the cursor of the next page. */
      page?: PageLinks;
    },
  ) {}
}

export function successEnvelope(data: unknown, page?: PageLinks): SuccessEnvelope & { data: unknown } {
  return { success: true, data, ...(page && { page }), error: {} };
}

export function errorEnvelope(error: ApiError): FailureEnvelope & { error: ErrorAnswer } {
  const { fields, event } = error.details;
  const { code, name, message } = error;
  return {
    success: false,
    data: {},
    error: { code, name, message, ...(fields && { fields }), ...(event && { event }) },
  };
}
