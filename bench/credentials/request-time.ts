import { Agent, request } from 'node:http';
import { spreadOf } from '../harness/rounds.js';

const WARM_UP_REQUESTS = 200;

/** The median time of sequential requests, in microseconds. @throws Error if a response is not a 401 */
export async function medianRequestTime(url: string, credential: string, requests: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  try {
    for (let n = 0; n < WARM_UP_REQUESTS + requests; n++) {
      const began = performance.now();
      const status = await statusOf(url, credential, agent);
      if (status !== 401) throw new Error(`a wrong credential was answered ${status}`);
      if (n >= WARM_UP_REQUESTS) times.push((performance.now() - began) * 1_000);
    }
  } finally {
    agent.destroy();
  }
  return spreadOf(times).median;
}

function statusOf(url: string, credential: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent, headers: { authorization: `Bearer ${credential}` } }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end();
  });
}
