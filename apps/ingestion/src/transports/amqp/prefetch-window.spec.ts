import { RESERVED_BYTES } from '../../intake/memory-budget.js';
import { PrefetchWindow } from './prefetch-window.js';

const MIB = 1_048_576;
const observe = (window: PrefetchWindow, bytes: number, times: number) => {
  for (let n = 0; n < times; n++) window.observe(bytes);
};

describe('PrefetchWindow', () => {
  it('should start so that even bodies of the maximum size stay within the limit', () => {
    expect(new PrefetchWindow(2_000).prefetch * MIB).toBeLessThanOrEqual(RESERVED_BYTES);
  });

  it('should grow to the configured prefetch while messages are small', () => {
    const window = new PrefetchWindow(2_000);
    observe(window, 300, 1_000);
    expect(window.prefetch).toBe(2_000);
  });

  it('should shrink at once when a message shows that the limit would be exceeded', () => {
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

  it('should not oscillate with occasional large messages', () => {
    const window = new PrefetchWindow(2_000);
    let changes = 0;
    for (let n = 0; n < 30_000; n++) if (window.observe(n % 300 === 0 ? MIB : 300)) changes++;
    expect(changes).toBeLessThan(10);
  });

  it('should not exceed the configured prefetch', () => {
    const window = new PrefetchWindow(20);
    observe(window, 300, 1_000);
    expect(window.prefetch).toBe(20);
  });
});
