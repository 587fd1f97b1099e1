export * from './back-off.js';
