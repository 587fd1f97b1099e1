export * from './describe-error.js';
export * from './health-checks.js';
export * from './heap-growth.js';
export * from './listening-address.js';
export * from './logger.js';
export * from './metrics-registry.js';
export * from './nest-logger.js';
export * from './running-service.js';
