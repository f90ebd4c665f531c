import { isAbsolute, join, relative, resolve } from 'node:path';
import { CTIA_HOST, type Role, readHost, regionProblems, TOKEN_HOST } from './ctia-hosts.ts';
import { type KeysFile, readKeysFile } from './keys-file.ts';
import type { LogOptions } from './log.ts';
import { type NotifyTarget, readNotifyTargets } from './notify-targets.ts';

export interface Config {
  /** With a repository, the folder of the lists in the tree that was fetched last. */
  feedsDir: string;
  repository?: ConfiguredRepository;
  webhook?: { host: string; port: number; secret: string };
  dataDir: string;
  redisUrl?: string;
  /** Hosts of upstreams that may lie at addresses that are not public. */
  upstreamPrivateHosts: string[];
  /** Where people are told what they must hear of. */
  notifyTargets: NotifyTarget[];
  /** The PATH, on which a Redis is looked for. */
  searchPath: string;
  tenant: { kind: 'embedded' } | RemoteTenant;
  /** Where bundles and incidents are written: in CTIA, or by the newer path of the host that gives tokens. */
  incidentBase: (typeof INCIDENT_BASES)[number];
  /** Of the embedded server, where one is started: also beside a remote tenant, by the command that is nothing else. */
  listen: Listen;
  log: LogOptions;
  /** What was accepted although it was not written as it should be; for a person to read once. */
  hints: string[];
}

/** A repository of lists to be fetched, and the folder below which it is kept. */
export interface ConfiguredRepository {
  url: string;
  branch: string | undefined;
  home: string;
}

/** What is not said here is as the server's store has it since its first start, so that only `up` need say it. */
export interface Listen {
  port?: number;
  host?: string;
  publicUrl?: string;
  tls?: { cert: string; key: string };
  plainHttp?: boolean;
}

/** Both URLs without a trailing slash and without `/ctia` or `/iroh/oauth2/token`. */
export interface RemoteTenant {
  kind: 'remote';
  ctiaUrl: string;
  tokenUrl: string;
  clientId: string;
  clientPassword: string;
}

/** What a command line may say. The credentials are not among it: a process list shows its arguments to everybody. */
export interface Flags {
  feeds?: string;
  data?: string;
  port?: string;
  host?: string;
  publicUrl?: string;
  tlsCert?: string;
  tlsKey?: string;
  plainHttp?: boolean;
  log?: string;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: string[];
  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const KEYS_FILE = 'keys/ctr_api_keys.txt';
const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

export interface ConfigSources {
  env: NodeJS.ProcessEnv;
  flags: Flags;
  cwd: string;
  /** How the command logs where nobody says how. */
  log: Pick<LogOptions, 'level' | 'pretty'>;
}

/** Flags win over the environment, the environment over the keys file, and that over the defaults. */
export function loadConfig({ env, flags, cwd, log }: ConfigSources): Config {
  const problems: string[] = [];
  const hints: string[] = [];
  // Set but empty means unset: that is how compose files and CI pass on what they do not have.
  const variable = (name: string) => env[name]?.trim() || undefined;

  const redisUrl = variable('REDIS_URL');
  if (redisUrl !== undefined && !/^(rediss?|unix):\/\/./.test(redisUrl)) {
    problems.push('REDIS_URL is not a Redis address; expected redis://host:6379, rediss://… or unix:///path/to/socket');
  }
  const dataDir = resolve(cwd, flags.data ?? variable('DATA_DIR') ?? 'data');
  const feeds = flags.feeds ?? variable('FEEDS_DIR') ?? 'feeds';
  const repository = readRepository(variable, cwd, dataDir, problems);
  const webhook = readWebhook(variable, repository, problems);
  const config = {
    feedsDir: repository === undefined ? resolve(cwd, feeds) : folderIn(repository, feeds, problems),
    ...(repository !== undefined && { repository }),
    ...(webhook !== undefined && { webhook }),
    dataDir,
    ...(redisUrl !== undefined && { redisUrl }),
    upstreamPrivateHosts: (variable('UPSTREAM_PRIVATE_HOSTS') ?? '').split(',').flatMap((host) => host.trim() || []),
    notifyTargets: readNotifyTargets(variable('NOTIFY_URLS'), problems),
    searchPath: variable('PATH') ?? '',
    log: readLog(flags.log ?? variable('CTIM_FEEDS_LOG'), log, cwd, problems),
    tenant: readRemote(variable, cwd, KEYS_FILE, problems, hints) ?? ({ kind: 'embedded' } as const),
    incidentBase: readIncidentBase(variable('CTIA_INCIDENT_BASE'), problems),
    listen: readListen(flags, variable, cwd, problems),
    hints,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

type Variable = (name: string) => string | undefined;

const INCIDENT_BASES = ['ctia', 'private-intel'] as const;

function readIncidentBase(text: string | undefined, problems: string[]): Config['incidentBase'] {
  const base = INCIDENT_BASES.find((known) => known === (text ?? 'ctia'));
  if (base === undefined) problems.push(`CTIA_INCIDENT_BASE is ${text}; expected ${INCIDENT_BASES.join(' or ')}`);
  return base ?? 'ctia';
}

/** The four parts of a remote tenant: the variable, the key in the file, and what it is. */
const PARTS = {
  clientId: { variable: 'CTIA_CLIENT_ID', key: 'ctr_client_id', says: 'the client id' },
  clientPassword: { variable: 'CTIA_CLIENT_PASSWORD', key: 'ctr_client_password', says: 'the client password' },
  ctiaUrl: { variable: 'CTIA_URL', key: 'host', says: CTIA_HOST.says },
  tokenUrl: { variable: 'CTIA_TOKEN_URL', key: 'host_for_token', says: TOKEN_HOST.says },
} as const;

/** Another tenant than the configured one, of a keys file of its own: credentials are never said on a command line. */
export function loadTenantFile(file: string, cwd: string): RemoteTenant {
  const problems: string[] = [];
  const tenant = readRemote(() => undefined, cwd, file, problems, []);
  if (tenant !== undefined && problems.length === 0) return tenant;
  const keys = Object.values(PARTS).map(({ key }) => key);
  throw new ConfigError(problems.length > 0 ? problems : [`${file} holds none of ${keys.join(', ')}`]);
}

/** Undefined when nothing at all points to a remote tenant; once anything does, everything must be there. */
function readRemote(
  variable: Variable,
  cwd: string,
  keysFile: string,
  problems: string[],
  hints: string[],
): RemoteTenant | undefined {
  const parts = Object.values(PARTS);
  const allInEnv = parts.every((part) => variable(part.variable) !== undefined);
  const file: KeysFile = allInEnv ? { values: {}, problems: [] } : readKeysFile(resolve(cwd, keysFile), keysFile);
  problems.push(...file.problems);

  // The two halves of a credential belong together, so they come from one place or the other.
  const credentialInEnv = [PARTS.clientId, PARTS.clientPassword].some((part) => variable(part.variable) !== undefined);
  const read = (part: (typeof parts)[number]) => {
    const isCredential = part === PARTS.clientId || part === PARTS.clientPassword;
    const inEnv = isCredential ? credentialInEnv : variable(part.variable) !== undefined;
    if (inEnv) return { text: variable(part.variable), where: part.variable };
    return { text: file.values[part.key], where: `${part.key} in ${keysFile}` };
  };
  const set = parts.map(read).filter(({ text }) => text !== undefined);
  // A file that is refused or half read says enough by its own problems, and its values are not judged further.
  if (set.length === 0 || file.problems.length > 0) return undefined;
  for (const part of parts.filter((each) => read(each).text === undefined)) {
    problems.push(
      `${part.says} is missing, while there is ${set.map(({ where }) => where).join(' and ')}; ` +
        `set ${part.variable}, or ${part.key} in ${keysFile}`,
    );
  }

  const host = (part: (typeof parts)[number], role: Role) => {
    const { text, where } = read(part);
    if (text === undefined) return '';
    const reading = readHost(where, text, role);
    problems.push(...reading.problems);
    hints.push(...reading.hints);
    return reading.url ?? '';
  };
  const ctiaUrl = host(PARTS.ctiaUrl, CTIA_HOST);
  const tokenUrl = host(PARTS.tokenUrl, TOKEN_HOST);
  if (ctiaUrl !== '' && tokenUrl !== '') problems.push(...regionProblems(ctiaUrl, tokenUrl));
  const clientId = read(PARTS.clientId).text ?? '';
  const clientPassword = read(PARTS.clientPassword).text ?? '';
  return { kind: 'remote', ctiaUrl, tokenUrl, clientId, clientPassword };
}

function readRepository(
  variable: Variable,
  cwd: string,
  dataDir: string,
  problems: string[],
): ConfiguredRepository | undefined {
  const repo = variable('FEEDS_REPO');
  const branch = variable('FEEDS_BRANCH');
  if (repo === undefined) {
    if (branch !== undefined) problems.push('FEEDS_BRANCH is set and FEEDS_REPO is not: name the repository too');
    return undefined;
  }
  // Git would take them for options.
  for (const [name, value] of [
    ['FEEDS_REPO', repo],
    ['FEEDS_BRANCH', branch],
  ]) {
    if (value?.startsWith('-'))
      problems.push(`${name} begins with a hyphen; expected ${name === 'FEEDS_REPO' ? 'a path or a URL' : 'a branch'}`);
  }
  const isUrl = repo.includes('://') || /^[^/]+:/.test(repo);
  return { url: isUrl ? repo : resolve(cwd, repo), branch, home: join(dataDir, 'repository') };
}

function folderIn({ home }: ConfiguredRepository, feeds: string, problems: string[]): string {
  const tree = join(home, 'current');
  const folder = join(tree, feeds);
  if (isAbsolute(feeds) || relative(tree, folder).startsWith('..'))
    problems.push(`with FEEDS_REPO, --feeds or FEEDS_DIR is a folder in that repository; found ${feeds}`);
  return folder;
}

const WEBHOOK_LISTEN = '127.0.0.1:3001';
const WEBHOOK_SECRET_MIN = 16;

function readWebhook(
  variable: Variable,
  repository: ConfiguredRepository | undefined,
  problems: string[],
): Config['webhook'] {
  const secret = variable('WEBHOOK_SECRET');
  const listen = variable('WEBHOOK_LISTEN');
  if (secret === undefined) {
    if (listen !== undefined)
      problems.push('WEBHOOK_LISTEN is set and WEBHOOK_SECRET is not: nobody could sign a push');
    return undefined;
  }
  if (secret.length < WEBHOOK_SECRET_MIN)
    problems.push(`WEBHOOK_SECRET has less than ${WEBHOOK_SECRET_MIN} characters`);
  if (repository === undefined)
    problems.push('WEBHOOK_SECRET is set and FEEDS_REPO is not: there is nothing to fetch when a push is told');
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(listen ?? WEBHOOK_LISTEN) ?? [];
  if (host === '' || Number(port) > 65535) problems.push(`WEBHOOK_LISTEN is ${listen}; expected address:port`);
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), secret };
}

function readListen(flags: Flags, variable: Variable, cwd: string, problems: string[]): Listen {
  const port = flags.port === undefined ? undefined : Number(flags.port);
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65535)) {
    problems.push(`--port is ${flags.port}; expected a number from 0 (any free port) to 65535`);
  }
  const publicUrl = flags.publicUrl ?? variable('PUBLIC_URL');
  if (publicUrl !== undefined && !/^https?:\/\/[^/?#@\s]+\/?$/.test(publicUrl)) {
    problems.push(
      'the public URL is not one; expected how a firewall reaches the embedded server, e.g. https://feeds.example.org',
    );
  }
  const cert = flags.tlsCert ?? variable('TLS_CERT_FILE');
  const key = flags.tlsKey ?? variable('TLS_KEY_FILE');
  if ((cert === undefined) !== (key === undefined)) {
    problems.push('TLS needs a certificate and its key: --tls-cert and --tls-key (TLS_CERT_FILE and TLS_KEY_FILE)');
  }
  const plain = variable('PLAIN_HTTP');
  if (plain !== undefined && plain !== 'true' && plain !== 'false') {
    problems.push(`PLAIN_HTTP is ${plain}; expected true or false`);
  }
  return {
    // A store keeps these, so they are whole paths.
    ...(cert !== undefined && key !== undefined && { tls: { cert: resolve(cwd, cert), key: resolve(cwd, key) } }),
    ...((flags.plainHttp === true || plain !== undefined) && {
      plainHttp: flags.plainHttp === true || plain === 'true',
    }),
    ...(port !== undefined && { port }),
    ...(flags.host !== undefined && { host: flags.host }),
    ...(publicUrl !== undefined && { publicUrl: publicUrl.replace(/\/$/, '') }),
  };
}

/** Words in any order, e.g. `debug`, `info,pretty` or `debug,file:run.log`. */
function readLog(text: string | undefined, unsaid: ConfigSources['log'], cwd: string, problems: string[]): LogOptions {
  const log: LogOptions = { ...unsaid };
  if (text === undefined) return log;
  const words = text.split(',').map((part) => part.trim());
  // A file is read by programs, unless somebody says that it is not.
  if (words.some((word) => word.startsWith('file:'))) log.pretty = false;
  for (const word of words) {
    const level = LOG_LEVELS.find((known) => known === word);
    if (level !== undefined) log.level = level;
    else if (word === 'pretty' || word === 'json') log.pretty = word === 'pretty';
    else if (word.startsWith('file:')) log.file = resolve(cwd, word.slice('file:'.length));
    else
      problems.push(
        `--log or CTIM_FEEDS_LOG says "${word}"; expected ${LOG_LEVELS.join(', ')}, pretty, json or file:PATH, joined by commas`,
      );
  }
  return log;
}
