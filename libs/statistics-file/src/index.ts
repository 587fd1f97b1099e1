export * from './file-mistake.js';
export * from './file-schema.js';
export * from './read-statistics-file.js';
