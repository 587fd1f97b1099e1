import { Gauge, type Registry } from 'prom-client';
import { MAX_HELD_BYTES, type MemoryBudget } from './memory-budget.js';

/** Tells how much of the budget is taken. */
export function reportHeldMemory(memory: MemoryBudget, registry: Registry): void {
  new Gauge({
    name: 'serverstats_held_message_bytes',
    help: `Memory that delivered messages take until they are acknowledged, roughly, in bytes; at most ${MAX_HELD_BYTES}`,
    registers: [registry],
    collect() {
      this.set(memory.heldBytes);
    },
  });
}
