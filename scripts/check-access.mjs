/**
 * `node scripts/check-access.mjs [folder …]`: checks that every route declares who may call it. The service also
 * refuses to start otherwise; this check names the file and the line. Exits with 1 if a route has no declaration.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

const ROUTE_DECORATORS = new Set(['Get', 'Head', 'Post', 'Put', 'Patch', 'Delete', 'Options', 'All', 'Search']);

const folders = process.argv.slice(2);
const found = [];
for (const folder of folders.length > 0 ? folders : ['apps/query/src']) {
  for (const file of await sourcesIn(folder)) found.push(...routesWithoutAccess(file, await readFile(file, 'utf8')));
}
for (const { file, line, name } of found) console.log(`${file}:${line} the route ${name} has no @Access`);
process.exitCode = found.length === 0 ? 0 : 1;

async function sourcesIn(folder) {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

function routesWithoutAccess(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const routes = [];
  const visit = (node) => {
    if (ts.isMethodDeclaration(node)) {
      const decorators = (ts.getDecorators(node) ?? []).map(nameOf);
      if (decorators.some((name) => ROUTE_DECORATORS.has(name)) && !decorators.includes('Access')) {
        const { line } = source.getLineAndCharacterOfPosition(node.name.getStart(source));
        routes.push({ file, line: line + 1, name: node.name.getText(source) });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return routes;
}

function nameOf({ expression }) {
  const called = ts.isCallExpression(expression) ? expression.expression : expression;
  return ts.isIdentifier(called) ? called.text : '';
}
