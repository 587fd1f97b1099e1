import { access, chmod, rename, rm, writeFile } from 'node:fs/promises';
import { capture } from './prepare.mjs';

/** Debian runs this program before a package starts its service. Exit code 101 prevents the start. */
const POLICY = '/usr/sbin/policy-rc.d';
const ASIDE = `${POLICY}.before-serverstats`;

/** Whether this process is root on Debian, so that it can install a missing program. */
export async function canInstallPackages() {
  return process.getuid?.() === 0 && (await exists('/usr/bin/apt-get'));
}

/** Installs a Debian package without starting its service, because the tests start their own. */
export async function installPackage(name) {
  console.log(`Installing ${name} (apt-get)`);
  const hadPolicy = await exists(POLICY);
  if (hadPolicy) await rename(POLICY, ASIDE);
  try {
    await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
    await chmod(POLICY, 0o755);
    await aptGet('update');
    await aptGet('install', '-y', '--no-install-recommends', name);
  } finally {
    await rm(POLICY, { force: true });
    if (hadPolicy) await rename(ASIDE, POLICY);
  }
}

async function aptGet(...args) {
  const { code, output } = await capture('apt-get', args, { ...process.env, DEBIAN_FRONTEND: 'noninteractive' });
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${output}`);
}

function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
