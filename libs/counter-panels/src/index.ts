export * from './remove-created-channel.js';
export * from './rename-times.js';
