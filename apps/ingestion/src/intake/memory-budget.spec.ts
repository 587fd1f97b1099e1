import { MAX_HELD_BYTES, MemoryBudget, RESERVED_BYTES, type MemoryShare } from './memory-budget.js';

const QUEUES = 3;

describe('MemoryBudget', () => {
  const sharesOf = (budget: MemoryBudget) => Array.from({ length: QUEUES }, () => budget.share());
  const hold = (share: MemoryShare, memoryBytes: number) => {
    const account = share.open();
    account.addDecoded(account.take(Buffer.alloc(0)), memoryBytes - account.heldBytes);
    return account;
  };

  it('should let one queue hold everything except the reserves of the other queues', () => {
    const [busy] = sharesOf(new MemoryBudget());
    expect(busy!.freeBytes).toBe(MAX_HELD_BYTES - (QUEUES - 1) * RESERVED_BYTES);
  });

  it('should leave each queue its reserve, whatever the others hold', () => {
    const [busy, greedy, idle] = sharesOf(new MemoryBudget());
    hold(busy!, busy!.freeBytes);
    hold(greedy!, greedy!.freeBytes);
    expect([busy!.freeBytes, greedy!.freeBytes, idle!.freeBytes]).toEqual([0, 0, RESERVED_BYTES]);
  });

  it('should hold no more than the limit when every queue takes as much as possible', () => {
    const budget = new MemoryBudget();
    for (const share of sharesOf(budget)) hold(share, share.freeBytes);
    expect(budget.heldBytes).toBe(MAX_HELD_BYTES);
  });

  it('should give a queue nothing more after it has exceeded its share', () => {
    const [busy, other] = sharesOf(new MemoryBudget());
    hold(busy!, 2 * MAX_HELD_BYTES);
    expect([busy!.freeBytes, other!.freeBytes]).toEqual([0, RESERVED_BYTES]);
  });

  it('should count all accounts of a queue until they hold nothing', () => {
    const [share] = sharesOf(new MemoryBudget());
    const first = hold(share!, 5_000);
    const second = share!.open();
    const kept = second.take(Buffer.alloc(6_000));
    expect(share!.heldBytes).toBe(12_000);
    second.shrink(kept, 3_000);
    first.keepOnly([]);
    expect(share!.heldBytes).toBe(3_000);
    second.keepOnly([kept]);
    expect(share!.heldBytes).toBe(3_000);
    second.release(kept);
    expect(share!.heldBytes).toBe(0);
  });

  it('should always allow one message to be taken and decoded, and more if there is room', () => {
    const [busy, other] = sharesOf(new MemoryBudget());
    hold(other!, MAX_HELD_BYTES);
    const account = busy!.open();
    const large = Buffer.alloc(RESERVED_BYTES);
    expect([account.mayTake(large), account.mayDecode, account.mayResume]).toEqual([true, true, true]);
    account.addDecoded(account.take(large), 1);
    expect([account.mayTake(Buffer.alloc(0)), account.mayDecode, account.mayResume]).toEqual([false, false, false]);
  });
});
