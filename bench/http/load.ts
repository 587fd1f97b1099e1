import autocannon from 'autocannon';

export interface Load {
  url: string;
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** Concurrent connections. Each sends its next request after the response. */
  connections: number;
  seconds: number;
}

const WARM_UP_SECONDS = 1;

/** @throws Error if a request fails */
export async function requestsPerSecond({ seconds, ...load }: Load): Promise<number> {
  await autocannon({ ...load, duration: WARM_UP_SECONDS });
  const result = await autocannon({ ...load, duration: seconds });
  const bad = result.non2xx + result.errors + result.timeouts;
  if (bad > 0) throw new Error(`${load.method} ${load.url} failed ${bad} times`);
  return result.requests.total / result.duration;
}
