export * from './channel-creations.js';
export * from './counters.js';
export * from './panel-channels.js';
export * from './panel-refreshes.js';
export * from './remove-created-channel.js';
export * from './rename-times.js';
