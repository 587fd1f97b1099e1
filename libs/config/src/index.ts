export * from './configuration-error.js';
export * from './database-url.js';
export * from './environment.js';
export * from './mask-url.js';
export * from './service-configs.js';
