import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StatisticsContract } from '#libs/contracts';
import { STATISTICS_FILE_SCHEMA } from '#libs/statistics-file';
import { asyncApiDocument } from './asyncapi/asyncapi-document.js';
import { documentText } from './asyncapi/document-text.js';
import { eventSchemaFiles } from './asyncapi/event-schema-files.js';

// Writes docs/asyncapi.json, docs/schemas/<kind>.json and the schema of the file of own statistics below the working
// directory. With `--check` it writes nothing:
// it prints the files that are not what the code describes, and exits with 1 if there are any.

const DOCUMENT = join('docs', 'asyncapi.json');
const SCHEMAS = join('docs', 'schemas');
const STATISTICS_FILE = join('docs', 'statistics-file.schema.json');

const contract = new StatisticsContract();
const files = new Map([
  [DOCUMENT, textOf(asyncApiDocument(contract))],
  [STATISTICS_FILE, textOf(STATISTICS_FILE_SCHEMA)],
  ...[...eventSchemaFiles(contract)].map(([name, schema]) => [join(SCHEMAS, name), textOf(schema)] as const),
]);
const forgotten = (await schemaFiles()).filter((file) => !files.has(file));

if (process.argv.includes('--check')) {
  const outdated = [...forgotten];
  for (const [file, text] of files) if ((await readOptional(file)) !== text) outdated.push(file);
  process.stdout.write(outdated.map((file) => `${file}\n`).join(''));
  process.exitCode = outdated.length === 0 ? 0 : 1;
} else {
  await mkdir(SCHEMAS, { recursive: true });
  for (const file of forgotten) await rm(file);
  for (const [file, text] of files) await writeFile(file, text);
}

function textOf(document: object): string {
  return `${documentText(document, 2)}\n`;
}

async function schemaFiles(): Promise<string[]> {
  try {
    return (await readdir(SCHEMAS)).map((name) => join(SCHEMAS, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
