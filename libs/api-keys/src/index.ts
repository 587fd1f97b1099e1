export * from './api-key-secret.js';
export * from './api-keys.js';
