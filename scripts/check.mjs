/** Everything that can be said about the code without running it. Each check runs to its end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capture, prepare, root } from './prepare.mjs';

const CODE = ['apps', 'libs', 'test', 'bench'];

const checks = [
  { name: 'types', run: () => runTool('tsc', ['--noEmit', '-p', 'tsconfig.json']) },
  { name: 'lint', run: () => runTool('oxlint', ['--type-aware', ...CODE]) },
  { name: 'access of routes', run: checkAccess },
  { name: 'import rules', run: () => runTool('depcruise', CODE) },
  { name: 'formatting', run: () => runTool('prettier', ['--check', '.'], 'npm run format') },
  { name: 'generated files up to date', run: compareOpenApi },
];

await prepare();
const results = await Promise.all(checks.map(async ({ name, run }) => ({ name, ...(await run()) })));
for (const { name, passed, output } of results) {
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name}`);
  if (!passed) console.log(output.trim().replace(/^/gm, '        '));
}
process.exit(results.every(({ passed }) => passed) ? 0 : 1);

async function runTool(tool, args, remedy) {
  const { code, output } = await capture(join(root, 'node_modules', '.bin', tool), args);
  return { passed: code === 0, output: remedy ? `${output}\n${remedy} puts it right` : output };
}

async function checkAccess() {
  const { code, output } = await capture(process.execPath, [join(root, 'scripts', 'check-access.mjs')]);
  return { passed: code === 0, output };
}

async function compareOpenApi() {
  const { code, output } = await capture(process.execPath, ['dist/apps/query/src/generate-openapi.js', '--stdout']);
  if (code !== 0) return { passed: false, output };
  const kept = await readFile(join(root, 'docs', 'openapi.json'), 'utf8').catch(() => '');
  return {
    passed: output.trim() === kept.trim(),
    output: 'docs/openapi.json is not what the code describes; npm run generate writes it anew',
  };
}
