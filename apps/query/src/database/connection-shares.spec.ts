import { ConnectionShares } from './connection-shares.js';
import { ConnectionWaitError } from './database-failure.js';

describe('ConnectionShares', () => {
  it('should reject work that waits too long for a connection, and not start it later', async () => {
    const shares = new ConnectionShares(4, 50);
    let release!: () => void;
    const first = shares.run('change', () => new Promise<void>((resolve) => (release = resolve)));
    let hasStarted = false;
    const late = shares.run('change', async () => {
      hasStarted = true;
    });
    await expect(late).rejects.toThrow(ConnectionWaitError);
    release();
    await first;
    await expect(shares.run('change', async () => 'next')).resolves.toBe('next');
    expect(hasStarted).toBe(false);
  });
});
