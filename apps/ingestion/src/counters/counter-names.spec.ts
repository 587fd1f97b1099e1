import { counterName } from './counter-names.js';

describe('counterName', () => {
  it('should show label and count', () => {
    expect(counterName('Members', 1_234_567)).toBe('Members: 1234567');
    expect(counterName('Online', 0)).toBe('Online: 0');
  });

  it('should truncate the label so that the name has 100 characters, and never the count', () => {
    expect(counterName('a'.repeat(97), 5)).toBe(`${'a'.repeat(97)}: 5`);
    expect(counterName('a'.repeat(98), 5)).toBe(`${'a'.repeat(97)}: 5`);
    expect(counterName('a'.repeat(100), 2_147_483_647)).toBe(`${'a'.repeat(88)}: 2147483647`);
  });

  it('should count code points, and split none', () => {
    expect(counterName('😀'.repeat(100), 42)).toBe(`${'😀'.repeat(96)}: 42`);
  });
});
