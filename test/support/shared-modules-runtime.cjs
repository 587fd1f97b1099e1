/**
 * Jest loads every module again for each test file, and a service has thousands. This runtime leaves packages and the
 * built code of apps, libs and bench to Node, which loads them once for each worker. Jest itself loads only tests and
 * what they import from `test`. So jest.mock and jest.resetModules reach nothing else.
 */
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { default: Runtime } = require('jest-runtime');
const { resolveImport } = require('./resolve-import.mjs');
require('reflect-metadata');

const root = path.join(__dirname, '..', '..');
const BUILT = new Set(['apps', 'libs', 'bench']);
/** Vite bundles it, so its files are not in dist one by one. */
const BUNDLED = path.join('apps', 'dashboard') + path.sep;
const files = new Map();

module.exports = class SharedModulesRuntime extends Runtime {
  requireModule(from, name, options, isRequireActual) {
    // Jest's own modules have options, and files that Jest itself begins with have no name.
    const file = options === undefined && name !== undefined ? sharedFile(from, name) : undefined;
    return file === undefined ? super.requireModule(from, name, options, isRequireActual) : require(file);
  }
};

/** @returns undefined if Jest shall load it */
function sharedFile(from, name) {
  const key = name.startsWith('.') ? path.resolve(path.dirname(from), name) : name;
  if (!files.has(key)) files.set(key, name.startsWith('.') ? builtFile(key) : packageFile(name));
  return files.get(key);
}

function builtFile(source) {
  const inRoot = path.relative(root, source);
  if (!BUILT.has(inRoot.split(path.sep)[0]) || inRoot.startsWith(BUNDLED)) return undefined;
  return path.join(root, 'dist', inRoot.endsWith('.js') ? inRoot : `${inRoot}.js`);
}

function packageFile(name) {
  return isBuiltin(name) || name.startsWith('@jest/') ? undefined : resolveImport(name);
}
