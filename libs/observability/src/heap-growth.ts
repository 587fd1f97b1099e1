import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 run a full garbage collection when the heap has grown by half since the last one. By default, V8 keeps
 * hundreds of megabytes of garbage on machines with much memory, although these services use about 50 MB. This is not a
 * limit on the heap. Call it at the start of the process.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
