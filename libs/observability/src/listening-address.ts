/** The address of a service cannot be listened on. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/** Says which setting names an address that cannot be listened on; any other error stays as it is. */
export function explainListenError(error: unknown, variable: string): unknown {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') return new PortError(`${variable}: port ${port} of ${address} is in use already`);
  if (code === 'EADDRNOTAVAIL') return new PortError(`HOST: ${address} is no address of this machine`);
  if (code === 'EACCES') return new PortError(`${variable}: port ${port} may not be listened on by this user`);
  return error;
}
