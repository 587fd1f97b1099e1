/**
 * Jest cannot require() ES modules before Node 24.9, and Nest 12 and many of its dependencies are ES modules. So SWC
 * compiles every file with ESM syntax to CommonJS, including those of dependencies. CommonJS files are not changed.
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
 * TypeScript imports `./x.js` for the file `x.ts`. In tests, jest's moduleNameMapper resolves that. The global setup is
 * loaded by Node's own resolver, which does not use the mapper, so the extension is removed here.
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
