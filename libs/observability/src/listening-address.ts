/** The service cannot listen on its address. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/** Converts an error of listening to a PortError that names the variable. Returns other errors unchanged. */
export function explainListenError(error: unknown, variable: string): unknown {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') return new PortError(`${variable}: port ${port} of ${address} is already in use`);
  if (code === 'EADDRNOTAVAIL') return new PortError(`HOST: ${address} is not an address of this machine`);
  if (code === 'EACCES') return new PortError(`${variable}: this user is not allowed to listen on port ${port}`);
  return error;
}
