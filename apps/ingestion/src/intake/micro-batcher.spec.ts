import { jest } from '@jest/globals';
import { MicroBatcher, type BatchItem } from './micro-batcher.js';

interface Item extends BatchItem {
  name: string;
}

const item = (name: string, weight = 1, alone = false): Item => ({ name, weight, alone });

describe('MicroBatcher', () => {
  let batches: string[][];
  let release: (() => void)[];
  let batcher: MicroBatcher<Item>;

  beforeEach(() => {
    jest.useFakeTimers();
    batches = [];
    release = [];
    batcher = new MicroBatcher<Item>({
      size: 3,
      maxAgeMs: 50,
      handle: (batch) => {
        batches.push(batch.map(({ name }) => name));
        return new Promise((resolve) => release.push(resolve));
      },
    });
  });
  afterEach(() => jest.useRealTimers());

  const finish = async () => {
    release.shift()!();
    await jest.advanceTimersByTimeAsync(0);
  };

  it('should hand over a batch as soon as it is complete', () => {
    for (const name of ['a', 'b', 'c']) batcher.push(item(name));
    expect(batches).toEqual([['a', 'b', 'c']]);
  });

  it('should count the age from the first item: later ones do not put the batch off', () => {
    batcher.push(item('a'));
    jest.advanceTimersByTime(40);
    batcher.push(item('b'));
    expect(batches).toEqual([]);
    jest.advanceTimersByTime(10);
    expect(batches).toEqual([['a', 'b']]);
  });

  it('should count an array as its events', () => {
    batcher.push(item('a'));
    batcher.push(item('array', 1000));
    expect(batches).toEqual([['a', 'array']]);
  });

  it('should handle one batch at a time and go on with what came meanwhile', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) batcher.push(item(name));
    expect(batches).toEqual([['a', 'b', 'c']]);
    await finish();
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]);
    await finish();
    await jest.advanceTimersByTimeAsync(50);
    expect(batches[2]).toEqual(['g']);
  });

  it('should handle a suspect alone, without changing the order', async () => {
    batcher.push(item('a'));
    batcher.push(item('suspect', 1, true));
    batcher.push(item('b'));
    const drained = batcher.drain();
    await finish();
    await finish();
    await finish();
    await drained;
    expect(batches).toEqual([['a'], ['suspect'], ['b']]);
  });

  it('should hand over all that waits when it is drained', async () => {
    batcher.push(item('a'));
    const drained = batcher.drain();
    expect(batches).toEqual([['a']]);
    await finish();
    await drained;
  });

  it('should forget what waits when it is cleared', () => {
    batcher.push(item('a'));
    batcher.clear();
    jest.advanceTimersByTime(100);
    expect(batches).toEqual([]);
  });
});

describe('MicroBatcher, what a batch leaves over', () => {
  afterEach(() => jest.useRealTimers());

  it('should not wait longer than its age, counted from when it came', async () => {
    jest.useFakeTimers();
    const batches: string[][] = [];
    const batcher = new MicroBatcher<Item>({
      size: 2,
      maxAgeMs: 50,
      atOnce: 2,
      handle: async (batch) => void batches.push(batch.map(({ name }) => name)),
    });
    batcher.push(item('suspect', 1, true));
    batcher.push(item('a'));
    await jest.advanceTimersByTimeAsync(40);
    batcher.push(item('b', 2));
    batcher.push(item('c'));
    expect(batches).toEqual([['suspect'], ['a', 'b']]);
    await jest.advanceTimersByTimeAsync(49);
    expect(batches).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(batches.at(-1)).toEqual(['c']);
  });

  it('should go at once when it is overdue already', async () => {
    jest.useFakeTimers();
    const batches: string[][] = [];
    let finish!: () => void;
    const batcher = new MicroBatcher<Item>({
      size: 2,
      maxAgeMs: 50,
      handle: (batch) => {
        batches.push(batch.map(({ name }) => name));
        return new Promise((resolve) => (finish = resolve));
      },
    });
    for (const name of ['a', 'b', 'c', 'd', 'e']) batcher.push(item(name));
    await jest.advanceTimersByTimeAsync(60);
    finish();
    await jest.advanceTimersByTimeAsync(0);
    finish();
    await jest.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });
});

describe('MicroBatcher with two batches at once', () => {
  interface Begun {
    names: string[];
    previousIsDone: boolean;
    finish(): Promise<void>;
  }
  let begun: Begun[];
  let batcher: MicroBatcher<Item>;

  beforeEach(() => {
    begun = [];
    batcher = new MicroBatcher<Item>({
      size: 2,
      maxAgeMs: 50,
      atOnce: 2,
      handle: (batch, previous) =>
        new Promise((resolve, reject) => {
          const one: Begun = {
            names: batch.map(({ name }) => name),
            previousIsDone: false,
            finish: async () => {
              resolve();
              await settled();
            },
          };
          previous.then(() => (one.previousIsDone = true)).catch(reject);
          begun.push(one);
        }),
    });
  });

  /** Until all promises that can be are resolved. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const names = () => begun.map((batch) => batch.names);

  it('should begin the next batch while one is being handled, and no third', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) batcher.push(item(name));
    expect(names()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await begun[1]!.finish();
    expect(names()).toHaveLength(3);
  });

  it('should tell a batch when all before it are done, whichever was done first', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) batcher.push(item(name));
    await begun[1]!.finish();
    expect(begun[2]!.previousIsDone).toBe(false);
    await begun[0]!.finish();
    expect(begun[1]!.previousIsDone).toBe(true);
    expect(begun[2]!.previousIsDone).toBe(true);
  });

  it('should handle a suspect while nothing else is', async () => {
    batcher.push(item('a'));
    batcher.push(item('suspect', 1, true));
    batcher.push(item('b'));
    const drained = batcher.drain();
    expect(names()).toEqual([['a']]);
    await begun[0]!.finish();
    expect(names()).toEqual([['a'], ['suspect']]);
    await begun[1]!.finish();
    expect(names()).toEqual([['a'], ['suspect'], ['b']]);
    await begun[2]!.finish();
    await drained;
  });
});
