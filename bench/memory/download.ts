import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryService } from '../harness/query-service.js';

/**
 * Downloads and throws away.
 *
 * @param bytesASecond what the reader takes at most
 * @returns the bytes
 * @throws Error for what is broken off
 */
export async function download(service: QueryService, path: string, bytesASecond = Infinity): Promise<number> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${service.key}` };
    get(`${service.url}/modules/serverstats/${path}`, { headers }, resolve).on('error', reject);
  });
  if (response.statusCode !== 200) throw new Error(`${path} was answered ${response.statusCode}`);
  const started = performance.now();
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    const early = (bytes / bytesASecond) * 1000 - (performance.now() - started);
    if (early > 1) await sleep(early);
  }
  return bytes;
}
