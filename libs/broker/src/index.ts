export * from './amqp-handover.js';
export * from './broker-connection.js';
export * from './broker-version.js';
export * from './confirm-publisher.js';
export * from './declare-topology.js';
export * from './event-handover.js';
export * from './queue-depths.js';
export { hasUnreadableProperties } from './unreadable-properties.js';
