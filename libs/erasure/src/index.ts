export * from './erased-tables.js';
export * from './eraser.js';
export * from './erasure-jobs.js';
export * from './erasure-log.js';
export * from './member-guilds.js';
export * from './member-references.js';
export * from './tombstones.js';
