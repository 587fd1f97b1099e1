import type { ApiError } from './api-error.js';

/** What a handler returns when its answer is more than data with status 200. */
export class Answer<T> {
  constructor(
    readonly data: T,
    readonly options: {
      status?: number;
      /** Beside the data of a list: where the next page starts; null after the last. */
      page?: { next_cursor: string | null };
    },
  ) {}
}

export function successEnvelope(data: unknown, page?: { next_cursor: string | null }): object {
  return { success: true, data, ...(page && { page }), error: {} };
}

export function errorEnvelope(error: ApiError): object {
  const { fields, event } = error.details;
  const { code, name, message } = error;
  return {
    success: false,
    data: {},
    error: { code, name, message, ...(fields && { fields }), ...(event && { event }) },
  };
}
