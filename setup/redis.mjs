import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly, SetupError, say } from './run.mjs';

/**
 * Installing a server package usually starts it, and for good. We want the program only, so: no start during the
 * installation (an administrator's own policy-rc.d is left as it is), and whatever was enabled all the same is disabled.
 * The flock is for two checkouts that install at once.
 */
const WITH_APT = `
set -e
exec 9>/run/lock/ctim-feeds-setup.lock
flock 9
! command -v redis-server >/dev/null || exit 0
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
# A source that is down need not be the one that has Redis, so the installation decides.
apt-get update 9>&- || true
apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server 9>&-
if [ -d /run/systemd/system ]; then systemctl disable --now redis-server || true
elif pidof redis-server >/dev/null; then service redis-server stop || true
fi
`;

/** Neither of these two starts or enables a service by itself. */
const WITH_DNF = 'dnf install -y valkey || dnf install -y redis';
const WITH_APK = 'apk add --no-cache redis';

const PACKAGE_MANAGERS = [
  { program: 'apt-get', what: 'redis-server', script: WITH_APT },
  { program: 'dnf', what: 'valkey', script: WITH_DNF },
  { program: 'apk', what: 'redis', script: WITH_APK },
];

/** @typedef {{ findRedisBinary: (path: string) => string | undefined, WAYS_TO_A_REDIS: string }} RedisBinary */

/** The compiled module is asked, so that the set-up finds exactly what the workers will find. @param {string} root */
export async function redisIsThere(root) {
  if (process.env.REDIS_URL) return true;
  const { findRedisBinary } = await redisBinary(root);
  return findRedisBinary(process.env.PATH ?? '') !== undefined;
}

/** @param {string} root */
export async function installRedis(root) {
  const { findRedisBinary, WAYS_TO_A_REDIS } = await redisBinary(root);
  const manager = PACKAGE_MANAGERS.find(({ program }) => onPath(program));
  const asRoot = await waysToBeRoot();
  if (manager === undefined || asRoot === undefined) {
    const reason = manager === undefined ? 'no apt-get, dnf or apk' : 'neither root nor sudo without a password';
    throw new SetupError(
      `there is no Redis: REDIS_URL is not set, no redis-server or valkey-server was found, and none can be installed here (${reason}).\n${WAYS_TO_A_REDIS}`,
    );
  }
  const [program = 'sh', ...args] = [...asRoot, 'sh', '-c', manager.script];
  say(`no Redis here, installing ${manager.what} with ${manager.program} (its service will not be started)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, output } = await runQuietly(program, args, { env });
  if (status !== 0 || findRedisBinary(process.env.PATH ?? '') === undefined) {
    const tail = output.split('\n').slice(-15).join('\n').replace(/^/gm, '  ');
    throw new SetupError(
      `${manager.program} could not install ${manager.what} (status ${status}); the end of what it printed:\n${tail}\n${WAYS_TO_A_REDIS}`,
    );
  }
}

/** @returns {Promise<string[] | undefined>} what to put before a command so that root runs it */
async function waysToBeRoot() {
  if (process.getuid?.() === 0) return [];
  if (!onPath('sudo')) return undefined;
  // `env` because sudo drops DEBIAN_FRONTEND.
  const { status } = await runQuietly('sudo', ['-n', 'true']);
  return status === 0 ? ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'] : undefined;
}

/** @param {string} program */
function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** @param {string} root @returns {Promise<RedisBinary>} */
function redisBinary(root) {
  return import(join(root, 'dist', 'src', 'jobs', 'redis-binary.js'));
}
