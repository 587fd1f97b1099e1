/**
 * Jest on Node below 24.9 cannot require() ES modules, and Nest 12 with a growing number of its dependencies are
 * nothing else. So under Jest every file that uses ESM syntax, ours and theirs, is turned into CommonJS by SWC; plain
 * CommonJS passes through untouched.
 */
const { createTransformer } = require('@swc/jest');

const common = { module: { type: 'commonjs' }, sourceMaps: 'inline', swcrc: false };

const typescript = createTransformer({
  ...common,
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
});
const javascript = createTransformer({ ...common, jsc: { target: 'es2023', parser: { syntax: 'ecmascript' } } });

const ESM_SYNTAX = /^\s*(?:import|export)\b|\bimport\s*\(|\bimport\.meta\b/m;

/**
 * TypeScript writes `./x.js` where there is only an `x.ts`. Jest's moduleNameMapper settles that for the tests, but
 * the global setup is loaded by Node's own resolver, which knows no mapper and tries the extensions by itself.
 */
const RELATIVE_JS_IMPORT = /(\bfrom\s+|\bimport\s+)(['"])(\.{1,2}\/[^'"\n]+)\.js\2/g;

const isTypescript = (file) => file.endsWith('.ts');

module.exports = {
  process(source, file, options) {
    if (isTypescript(file)) {
      return typescript.process(source.replace(RELATIVE_JS_IMPORT, '$1$2$3$2'), file, options);
    }
    return ESM_SYNTAX.test(source) ? javascript.process(source, file, options) : { code: source };
  },
  getCacheKey(source, file, options) {
    const transformer = isTypescript(file) ? typescript : javascript;
    return transformer.getCacheKey(source, file, options);
  },
};
