import type { ApiError } from './api-error.js';
import type { FailureEnvelope, PageLinks, SuccessEnvelope } from './envelope.dto.js';
import type { ErrorAnswer } from './errors.dto.js';

/** What a handler returns when its answer is more than data with status 200. */
export class Answer<T> {
  constructor(
    readonly data: T,
    readonly options: {
      status?: number;
      /** Beside the data of a list: where the next page starts; null after the last. */
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
