import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect the whole heap when it has grown by half since the last time. On a machine with much memory it would
 * let garbage of hundreds of megabytes lie, which is of no use to services that hold some fifty. This is no limit: a
 * heap that is really needed may become as large as ever. Call it first thing in a process.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
