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

  it('should count the age from the first item, so that later items do not delay the batch', () => {
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

  it('should handle one batch at a time and continue with the items that were added meanwhile', async () => {
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

  it('should hand over all waiting items when it is drained', async () => {
    batcher.push(item('a'));
    const drained = batcher.drain();
    expect(batches).toEqual([['a']]);
    await finish();
    await drained;
  });

  it('should discard waiting items when it is cleared', () => {
    batcher.push(item('a'));
    batcher.clear();
    jest.advanceTimersByTime(100);
    expect(batches).toEqual([]);
  });
});

describe('MicroBatcher with items that exceed a batch', () => {
  afterEach(() => jest.useRealTimers());

  it('should handle them within the maximum age, counted from their arrival', async () => {
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

  it('should handle them at once when they are overdue', async () => {
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
  interface StartedBatch {
    names: string[];
    previousIsDone: boolean;
    finish(): Promise<void>;
  }
  let started: StartedBatch[];
  let batcher: MicroBatcher<Item>;

  beforeEach(() => {
    started = [];
    batcher = new MicroBatcher<Item>({
      size: 2,
      maxAgeMs: 50,
      atOnce: 2,
      handle: (batch, previous) =>
        new Promise((resolve, reject) => {
          const one: StartedBatch = {
            names: batch.map(({ name }) => name),
            previousIsDone: false,
            finish: async () => {
              resolve();
              await settled();
            },
          };
          previous.then(() => (one.previousIsDone = true)).catch(reject);
          started.push(one);
        }),
    });
  });

  /** Lets pending promise callbacks run. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const names = () => started.map((batch) => batch.names);

  it('should start a second batch while one is being handled, and no third', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) batcher.push(item(name));
    expect(names()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await started[1]!.finish();
    expect(names()).toHaveLength(3);
  });

  it('should resolve `previous` when all earlier batches are done, in any order', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) batcher.push(item(name));
    await started[1]!.finish();
    expect(started[2]!.previousIsDone).toBe(false);
    await started[0]!.finish();
    expect(started[1]!.previousIsDone).toBe(true);
    expect(started[2]!.previousIsDone).toBe(true);
  });

  it('should handle a suspect while no other batch is handled', async () => {
    batcher.push(item('a'));
    batcher.push(item('suspect', 1, true));
    batcher.push(item('b'));
    const drained = batcher.drain();
    expect(names()).toEqual([['a']]);
    await started[0]!.finish();
    expect(names()).toEqual([['a'], ['suspect']]);
    await started[1]!.finish();
    expect(names()).toEqual([['a'], ['suspect'], ['b']]);
    await started[2]!.finish();
    await drained;
  });
});
