import { RESERVED_BYTES } from '../../intake/memory-budget.js';
import { PrefetchWindow } from './prefetch-window.js';

const MIB = 1_048_576;
const observe = (window: PrefetchWindow, bytes: number, times: number) => {
  for (let n = 0; n < times; n++) window.observe(bytes);
};

describe('PrefetchWindow', () => {
  it('should start so that even the largest bodies stay within the bound', () => {
    expect(new PrefetchWindow(2_000).prefetch * MIB).toBeLessThanOrEqual(RESERVED_BYTES);
  });

  it('should grow to what was configured while messages are small', () => {
    const window = new PrefetchWindow(2_000);
    observe(window, 300, 1_000);
    expect(window.prefetch).toBe(2_000);
  });

  it('should shrink at once when one message shows that the bound would be passed', () => {
    const window = new PrefetchWindow(2_000);
    observe(window, 300, 1_000);
    expect(window.observe(MIB)).toBe(true);
    expect(window.prefetch * MIB).toBeLessThanOrEqual(RESERVED_BYTES);
  });

  it('should grow again after large messages have passed', () => {
    const window = new PrefetchWindow(2_000);
    observe(window, MIB, 100);
    observe(window, 300, 15_000);
    expect(window.prefetch).toBe(2_000);
  });

  it('should not swing with a large message now and then', () => {
    const window = new PrefetchWindow(2_000);
    let changes = 0;
    for (let n = 0; n < 30_000; n++) if (window.observe(n % 300 === 0 ? MIB : 300)) changes++;
    expect(changes).toBeLessThan(10);
  });

  it('should stay below what was configured', () => {
    const window = new PrefetchWindow(20);
    observe(window, 300, 1_000);
    expect(window.prefetch).toBe(20);
  });
});
