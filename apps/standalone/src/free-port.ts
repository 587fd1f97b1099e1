import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** The first of the preferred ports that is free on loopback, else any free one. */
export async function findFreePort(preferred: readonly (number | undefined)[] = []): Promise<number> {
  for (const port of preferred) {
    if (port !== undefined && (await tryPort(port)) !== undefined) return port;
  }
  const port = await tryPort(0);
  if (port === undefined) throw new Error(`no free port on ${LOOPBACK}`);
  return port;
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
