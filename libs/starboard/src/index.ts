export * from './entry-looks.js';
export * from './forget-starboard-channel.js';
export * from './starboard-erasure.js';
export * from './starboard-looks.js';
export * from './starboard-problems.js';
