export * from './session-secret.js';
export * from './sealed-login.js';
export * from './sessions.js';
