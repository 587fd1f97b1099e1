import { QueryClient, QueryObserver } from '@tanstack/query-core';
import type { QueryKey, QueryObserverOptions, QueryObserverResult } from '@tanstack/query-core';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, type Answer, type ApiError, type Query } from './client.js';

/** How often live data is read again while the page is visible. With the request, new events appear within 10 s. */
const LIVE_MS = 7_000;
const STALE_MS = 5_000;
const MAX_RETRIES = 2;

/** Caches all answers, so that parts of a page that need the same answer share a request. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      // Also without a network, because the failed request tells that the service is away.
      networkMode: 'always',
      retry: (failures, error) => failures < MAX_RETRIES && (error as ApiError).isRetriable,
    },
  },
});

export type Loaded<T> = QueryObserverResult<T, ApiError>;

export interface ReadOptions {
  /** Whether it is read again every few seconds. A hidden page reads nothing. @defaultValue false */
  live?: boolean;
  /** @defaultValue true */
  enabled?: boolean;
}

/** Reads the data of a GET route. */
export function useApi<T>(path: string, query: Query, options: ReadOptions = {}): Loaded<T> {
  return useAnswer<T, T>(path, query, dataOf, options);
}

/** Reads a page of a list, with the cursor of the next page. */
export function useApiPage<T>(path: string, query: Query, options: ReadOptions = {}): Loaded<Answer<T>> {
  return useAnswer<T, Answer<T>>(path, query, pageOf, options);
}

const dataOf = <T>(answer: Answer<T>): T => answer.data;
const pageOf = <T>(answer: Answer<T>): Answer<T> => answer;

function useAnswer<T, R>(
  path: string,
  query: Query,
  select: (answer: Answer<T>) => R,
  { live = false, enabled = true }: ReadOptions,
): Loaded<R> {
  const keep: Placeholder<T> = (before, last) => (isSameSubject(last?.queryKey, path, query) ? before : undefined);
  const options: QueryObserverOptions<Answer<T>, ApiError, R> = {
    queryKey: [path, query],
    queryFn: ({ signal }) => get<T>(path, query, signal),
    select,
    enabled,
    refetchInterval: live && LIVE_MS,
    // query-core's own type excludes functions from T, which TypeScript cannot see of a generic T.
    placeholderData: keep as never,
  };
  const observer = useMemo(() => new QueryObserver(queries, options), []);
  const [, setResult] = useState<unknown>(null);
  useEffect(() => observer.subscribe(setResult), [observer]);
  useEffect(() => observer.setOptions(options), [JSON.stringify(options.queryKey), live, enabled]);
  return observer.getOptimisticResult(queries.defaultQueryOptions(options) as never);
}

type Placeholder<T> = (before: Answer<T> | undefined, last?: { queryKey: QueryKey }) => Answer<T> | undefined;

/** Whether an earlier answer may stay on the page while another window of the same thing is read. */
function isSameSubject(lastKey: QueryKey | undefined, path: string, query: Query): boolean {
  if (lastKey?.[0] !== path) return false;
  const before = lastKey[1] as Query;
  return ['guild_id', 'group_by'].every((name) => before[name] === query[name]);
}
