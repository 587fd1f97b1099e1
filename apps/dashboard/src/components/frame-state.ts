import type { ApiError } from '../api/client.js';

/**
 * What a frame shows:
 * - `loading`: nothing yet, or still the data of another window
 * - `empty`: nothing was counted
 * - `off`: nothing was collected
 * - `error`: the data could not be read
 */
export type FrameState = 'ready' | 'loading' | 'empty' | 'off' | 'error';

/** The part of a query that frames need. */
export interface Reading {
  data: unknown;
  error: ApiError | null;
  isPlaceholderData: boolean;
  refetch: () => unknown;
}

/** @param ofData the state once there is data */
export function frameState(reading: Reading, ofData: () => 'ready' | 'empty' | 'off'): FrameState {
  if (reading.data === undefined) return reading.error === null ? 'loading' : 'error';
  return reading.isPlaceholderData ? 'loading' : ofData();
}

/** Two queries whose data is shown together. */
export function together(first: Reading, second: Reading): Reading {
  return {
    data: first.data === undefined ? undefined : second.data,
    error: first.error ?? second.error,
    isPlaceholderData: first.isPlaceholderData || second.isPlaceholderData,
    refetch: () => {
      for (const { error, refetch } of [first, second]) if (error !== null) refetch();
    },
  };
}
