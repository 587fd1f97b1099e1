import { readFile } from 'node:fs/promises';

/** The arguments with which `npm run` of this script starts Node. */
export async function startScript(name: 'start:query' | 'start:ingestion'): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  return scripts[name]!.split(' ').slice(1);
}
