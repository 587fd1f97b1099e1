import { nextRegularRefresh, REFRESH_INTERVAL_MS } from './panel-refreshes.js';

const NOW = Date.UTC(2026, 0, 15, 12);

describe('nextRegularRefresh', () => {
  it('should be within the next interval and repeat after exactly one interval', () => {
    for (const guildId of ['1', '9007199254740993', '9223372036854775807']) {
      const next = nextRegularRefresh(guildId, NOW).getTime();
      expect(next).toBeGreaterThan(NOW);
      expect(next).toBeLessThanOrEqual(NOW + REFRESH_INTERVAL_MS);
      expect(nextRegularRefresh(guildId, next).getTime()).toBe(next + REFRESH_INTERVAL_MS);
    }
  });

  it.each([
    ['are consecutive', (n: bigint) => 1_300_000_000_000_000_000n + n],
    ['differ only in their time', (n: bigint) => (300_000_000_000n + n * 1_000n) << 22n],
  ])('should be spread over the interval for ids that %s', (_, id) => {
    const minutes = new Array<number>(10).fill(0);
    for (let n = 0n; n < 1_000n; n++) {
      const offset = nextRegularRefresh(String(id(n)), NOW).getTime() - NOW;
      minutes[Math.min(9, Math.floor((offset / REFRESH_INTERVAL_MS) * 10))]!++;
    }
    expect(Math.min(...minutes)).toBeGreaterThan(50);
    expect(Math.max(...minutes)).toBeLessThan(200);
  });
});
