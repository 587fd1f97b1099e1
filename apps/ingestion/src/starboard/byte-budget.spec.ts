import { ByteBudget } from './byte-budget.js';

describe('ByteBudget', () => {
  let budget: ByteBudget;
  let granted: string[];

  beforeEach(() => {
    budget = new ByteBudget(10);
    granted = [];
  });

  const take = (name: string, bytes: number, signal = new AbortController().signal) =>
    budget.take(bytes, signal).then(() => granted.push(name));
  const ask = (name: string, bytes: number) => {
    take(name, bytes).catch((error: unknown) => granted.push(String(error)));
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('should grant no more than the total, and the rest in the order of requests', async () => {
    ask('a', 6);
    ask('b', 5);
    ask('c', 1);
    ask('d', 5);
    await settled();
    expect(granted).toEqual(['a']);
    budget.giveBack(6);
    await settled();
    expect(granted).toEqual(['a', 'b', 'c']);
    budget.giveBack(5);
    await settled();
    expect(granted).toEqual(['a', 'b', 'c', 'd']);
  });

  it('should remove an aborted request from the queue, and grant the next one', async () => {
    ask('a', 6);
    const leaving = new AbortController();
    const left = take('b', 10, leaving.signal);
    ask('c', 4);
    leaving.abort(new Error('too long'));
    await expect(left).rejects.toThrow('too long');
    await settled();
    expect(granted).toEqual(['a', 'c']);
    budget.giveBack(10);
    ask('d', 10);
    await settled();
    expect(granted).toEqual(['a', 'c', 'd']);
  });

  it('should grant nothing if the signal is already aborted', async () => {
    await expect(take('a', 10, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    await take('b', 10);
    expect(granted).toEqual(['b']);
  });
});
