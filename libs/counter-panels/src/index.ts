export * from './remove-created-channel.js';
