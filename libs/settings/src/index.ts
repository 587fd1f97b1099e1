export * from './forget-channel.js';
export * from './settings-update.js';
