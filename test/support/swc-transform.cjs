/** Compiles tests to CommonJS, because Jest cannot require() ES modules before Node 24.9. */
const { createTransformer } = require('@swc/jest');

const typescript = createTransformer({
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
  swcrc: false,
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
});

/**
 * TypeScript imports `./x.js` for the file `x.ts`. In tests, jest's moduleNameMapper resolves that. The global setup is
 * loaded by Node's own resolver, which does not use the mapper, so the extension is removed here.
 */
const RELATIVE_JS_IMPORT = /(\bfrom\s+|\bimport\s+)(['"])(\.{1,2}\/[^'"\n]+)\.js\2/g;

module.exports = {
  process: (source, file, options) => typescript.process(source.replace(RELATIVE_JS_IMPORT, '$1$2$3$2'), file, options),
  getCacheKey: (source, file, options) => typescript.getCacheKey(source, file, options),
};
