import { RequestWindow } from './request-window.js';

describe('RequestWindow', () => {
  let now: number;
  let window: RequestWindow;

  beforeEach(() => {
    now = 1_000;
    window = new RequestWindow({ policy: 'test', quota: 2, now: () => now });
  });

  it('starts with the first unit and resets a minute later', () => {
    expect(window.usageOf('a')).toBeUndefined();
    expect(window.count('a')).toMatchObject({ remaining: 1, isUsedUp: false, isExceeded: false, resetSeconds: 60 });
    now += 59_001;
    expect(window.count('a')).toMatchObject({ remaining: 0, isUsedUp: true, isExceeded: false, resetSeconds: 1 });
    expect(window.count('a')).toMatchObject({ remaining: 0, isUsedUp: true, isExceeded: true, resetSeconds: 1 });
    now += 999;
    expect(window.usageOf('a')).toBeUndefined();
    expect(window.count('a')).toMatchObject({ remaining: 1, resetSeconds: 60 });
  });

  it('counts each key separately', () => {
    window.count('a');
    window.count('a');
    expect(window.count('a').isExceeded).toBe(true);
    expect(window.count('b').isExceeded).toBe(false);
  });
});
