export * from './back-off.js';
export * from './clock.js';
export * from './deadline.js';
export * from './failing-items.js';
export * from './rounds.js';
export * from './until-aborted.js';
export * from './wakeable-sleep.js';
