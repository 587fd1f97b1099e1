import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Another checkout, built, that is measured in turn with this one: what a change has brought. */
export const BASELINE = process.env.BENCH_BASELINE;

/**
 * The arguments with which `npm run` of this script starts Node.
 *
 * @param checkout whose script and program it is
 */
export async function startScript(name: 'start:query' | 'start:ingestion', checkout = '.'): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [, ...command] = scripts[name]!.split(' ');
  return [...command.slice(0, -1), join(checkout, command.at(-1)!)];
}
