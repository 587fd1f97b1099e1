/**
 * Bundles the packages that most tests load into one file. Jest loads all modules again for each test file. Loading
 * Nest and TypeORM from thousands of files takes more CPU time than most tests.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = [
  '@discordjs/rest',
  '@fastify/compress',
  '@fastify/cors',
  '@nestjs/common',
  '@nestjs/common/constants.js',
  '@nestjs/common/enums/route-paramtypes.enum.js',
  '@nestjs/core',
  '@nestjs/microservices',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@nestjs/testing',
  'ajv/dist/2020.js',
  'amqplib',
  'class-transformer',
  'class-validator',
  'discord-api-types/v10',
  'fastify',
  'pg',
  'prom-client',
  'rxjs',
  'typeorm',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = join(root, 'node_modules', '.cache', 'serverstats-test-packages');
const stamp = join(directory, 'stamp');
const stubOf = (name) => `${name.replaceAll('/', '+').replace(/\.js$/, '')}.cjs`;

/** For jest's `moduleNameMapper`. Empty if there is no bundle yet. */
export function bundledPackages() {
  if (!existsSync(stamp)) return {};
  return Object.fromEntries(PACKAGES.map((name) => [patternOf(name), join(directory, stubOf(name))]));
}

/** Makes the bundle if packages or this file have changed since the last one. */
export async function bundleTestPackages() {
  const wanted = await hashOf([join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]);
  if ((await readFile(stamp, 'utf8').catch(() => undefined)) === wanted) return;
  console.log('Bundling the packages of the tests');
  const { bundle } = await import('./bundle-program.mjs');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const entry = join(directory, 'entry.cjs');
  const lines = PACKAGES.map(
    (name) => `Object.defineProperty(exports, '${name}', { get: () => require('${name}') });\n`,
  );
  await writeFile(entry, lines.join(''));
  await bundle({ input: entry, file: join(directory, 'packages.cjs'), format: 'cjs' });
  for (const name of PACKAGES) {
    await writeFile(join(directory, stubOf(name)), `module.exports = require('./packages.cjs')['${name}'];\n`);
  }
  await writeFile(`${stamp}.new`, wanted);
  await rename(`${stamp}.new`, stamp);
}

async function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex');
}

/** Matches this specifier and no other. */
function patternOf(name) {
  return `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
}
