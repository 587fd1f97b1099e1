import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/**
 * Ports below those that systems give to outgoing connections: Linux gives 32768 and above. Another process could be
 * given such a port before the server has taken it.
 */
const FIRST_PORT = 15_000;
const PORTS = 17_000;
const ATTEMPTS = 20;

/** The first preferred port that is free on loopback, or else any free port. */
export async function findFreePort(preferred: readonly (number | undefined)[] = []): Promise<number> {
  const others = Array.from({ length: ATTEMPTS }, () => FIRST_PORT + randomInt(PORTS));
  for (const port of [...preferred, ...others, 0]) {
    const found = port === undefined ? undefined : await tryPort(port);
    if (found !== undefined) return found;
  }
  throw new Error(`no free port on ${LOOPBACK}`);
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
