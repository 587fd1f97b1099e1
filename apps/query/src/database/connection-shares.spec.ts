import { ConnectionShares } from './connection-shares.js';
import { TurnTimeoutError } from './database-failure.js';

describe('ConnectionShares', () => {
  it('should give up what waits too long for its turn, and then not begin it', async () => {
    const shares = new ConnectionShares(4, 50);
    let release!: () => void;
    const first = shares.run('change', () => new Promise<void>((resolve) => (release = resolve)));
    let hasBegun = false;
    const late = shares.run('change', async () => {
      hasBegun = true;
    });
    await expect(late).rejects.toThrow(TurnTimeoutError);
    release();
    await first;
    await expect(shares.run('change', async () => 'next')).resolves.toBe('next');
    expect(hasBegun).toBe(false);
  });
});
