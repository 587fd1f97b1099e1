/**
 * Installs the dependencies and builds everything, if they are missing or out of date. Uses only Node's own modules,
 * because it runs before the dependencies are installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const SOURCE_DIRECTORIES = ['apps', 'libs', 'bench'];
const BUILD_SETTINGS = [
  'package.json',
  'package-lock.json',
  'nest-cli.json',
  'scripts/bundle.mjs',
  'scripts/bundle-program.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
];
/** In dist, so that it is deleted with dist. */
const BUILD_STAMP = join(root, 'dist', '.sources');

export async function prepare() {
  await requireNodeVersion();
  if (!(await isInstalled())) {
    console.log('Installing dependencies (npm ci)');
    await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  const sources = await hashSources();
  if ((await readOptional(BUILD_STAMP)) !== sources) {
    console.log('Building (npm run build)');
    await runNpm(['run', '-s', 'build']);
    await writeFile(BUILD_STAMP, sources);
  }
}

async function requireNodeVersion() {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const [major, minor] = engines.node.match(/\d+/g).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  console.error(`Node ${major}.${minor} or newer is needed; this is Node ${process.versions.node}`);
  process.exit(1);
}

/** Compares with the lockfile that npm has written into node_modules. Optional packages of other platforms may be missing. */
async function isInstalled() {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map((file) => readOptional(join(root, file))),
  );
  if (installed === undefined) return false;
  const installedPackages = JSON.parse(installed).packages;
  return Object.entries(JSON.parse(wanted).packages).every(([path, { version, integrity, optional }]) => {
    const found = installedPackages[path];
    if (path === '' || (optional && !found)) return true;
    return found?.version === version && found.integrity === integrity;
  });
}

async function hashSources() {
  const files = [...BUILD_SETTINGS];
  for (const directory of SOURCE_DIRECTORIES) {
    const entries = await readdir(join(root, directory), { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isFile()) files.push(join(entry.parentPath ?? entry.path, entry.name));
  }
  const hash = createHash('sha256');
  for (const file of files.map((name) => name.replace(root, '')).sort()) {
    hash
      .update(file)
      .update('\0')
      .update(await readFile(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

async function readOptional(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Prints output only if it fails. */
async function runNpm(args) {
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
  const { code, output, stopped } = await capture(command, [...first, ...args]);
  if (code === 0 && !stopped) return;
  if (!stopped) console.error(`${output}\nnpm ${args.join(' ')} failed`);
  process.exit(1);
}

/** Runs a program and returns its output and exit code. Stops it if this process is asked to stop. */
export async function capture(command, args, env = process.env) {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  let stopped = false;
  const stop = (signal) => {
    stopped = true;
    child.kill(signal);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString(), stopped }));
    });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
