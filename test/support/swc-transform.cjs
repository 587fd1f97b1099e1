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

const isTypescript = (file) => file.endsWith('.ts');
const transformerFor = (file) => (isTypescript(file) ? typescript : javascript);

module.exports = {
  process(source, file, options) {
    if (!isTypescript(file) && !ESM_SYNTAX.test(source)) return { code: source };
    return transformerFor(file).process(source, file, options);
  },
  getCacheKey(source, file, options) {
    return transformerFor(file).getCacheKey(source, file, options);
  },
};
