import { MAX_HELD_BYTES, MemoryBudget, RESERVED_BYTES, type MemoryShare } from './memory-budget.js';

const QUEUES = 3;

describe('MemoryBudget', () => {
  const sharesOf = (budget: MemoryBudget) => Array.from({ length: QUEUES }, () => budget.share());
  const hold = (share: MemoryShare, memoryBytes: number) => {
    const holder = { memoryBytes };
    share.add(holder);
    return holder;
  };

  it('should let one queue hold all but what is reserved for the others', () => {
    const [busy] = sharesOf(new MemoryBudget());
    expect(busy!.freeBytes).toBe(MAX_HELD_BYTES - (QUEUES - 1) * RESERVED_BYTES);
  });

  it('should leave each queue its reserve, whatever the others hold', () => {
    const [busy, greedy, idle] = sharesOf(new MemoryBudget());
    hold(busy!, busy!.freeBytes);
    hold(greedy!, greedy!.freeBytes);
    expect([busy!.freeBytes, greedy!.freeBytes, idle!.freeBytes]).toEqual([0, 0, RESERVED_BYTES]);
  });

  it('should hold no more than the bound when every queue takes all it may', () => {
    const budget = new MemoryBudget();
    for (const share of sharesOf(budget)) hold(share, share.freeBytes);
    expect(budget.heldBytes).toBe(MAX_HELD_BYTES);
  });

  it('should give a queue nothing more once it has passed its share', () => {
    const [busy, other] = sharesOf(new MemoryBudget());
    hold(busy!, 2 * MAX_HELD_BYTES);
    expect([busy!.freeBytes, other!.freeBytes]).toEqual([0, RESERVED_BYTES]);
  });

  it('should count all that holds something of a queue, until it is removed', () => {
    const [share] = sharesOf(new MemoryBudget());
    const [first, second] = [hold(share!, 5), hold(share!, 7)];
    expect(share!.heldBytes).toBe(12);
    second.memoryBytes = 3;
    share!.remove(first);
    expect(share!.heldBytes).toBe(3);
  });
});
