import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The directory of another built checkout to compare with. It is measured alternately with this one. */
export const BASELINE = process.env.BENCH_BASELINE;

/**
 * The arguments with which the npm script starts Node.
 *
 * @param checkout the directory of the checkout
 */
export async function startScript(name: 'start:query' | 'start:ingestion', checkout = '.'): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [, ...command] = scripts[name]!.split(' ');
  return [...command.slice(0, -1), join(checkout, command.at(-1)!)];
}
