import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryService } from '../harness/query-service.js';

/**
 * Downloads and discards the data.
 *
 * @param bytesPerSecond the maximum speed of the reader
 * @returns the number of bytes
 * @throws Error if the download is not complete
 */
export async function download(service: QueryService, path: string, bytesPerSecond = Infinity): Promise<number> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${service.key}` };
    get(`${service.url}/modules/serverstats/${path}`, { headers }, resolve).on('error', reject);
  });
  if (response.statusCode !== 200) throw new Error(`${path} was answered ${response.statusCode}`);
  const started = performance.now();
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    const early = (bytes / bytesPerSecond) * 1000 - (performance.now() - started);
    if (early > 1) await sleep(early);
  }
  return bytes;
}
