export * from './collection-periods.js';
export * from './rollups/buckets.js';
export * from './rollups/rollup-worker.js';
export * from './rollups/sketch.js';
