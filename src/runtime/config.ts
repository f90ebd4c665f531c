import { resolve } from 'node:path';
import { CTIA_HOST, type HostReading, readHost, regionProblem, TOKEN_HOST } from './ctia-hosts.ts';
import { type Key, readKeysFile } from './keys-file.ts';
import type { LogOptions } from './log.ts';

export interface Config {
  feedsDir: string;
  dataDir: string;
  redisUrl?: string;
  /** The PATH, on which a Redis is looked for. */
  searchPath: string;
  tenant: EmbeddedTenant | RemoteTenant;
  log: LogOptions;
  /** What was accepted although it was not written as it should be; for a person to read once. */
  hints: string[];
}

export interface EmbeddedTenant {
  kind: 'embedded';
  port: number;
  host: string;
  publicUrl?: string;
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
const DEFAULT_PORT = 3000;
const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** Flags win over the environment, the environment over the keys file, and that over the defaults. */
export function loadConfig({ env, flags, cwd }: { env: NodeJS.ProcessEnv; flags: Flags; cwd: string }): Config {
  const problems: string[] = [];
  const hints: string[] = [];
  // Set but empty means unset: that is how compose files and CI pass on what they do not have.
  const variable = (name: string) => env[name]?.trim() || undefined;

  const redisUrl = variable('REDIS_URL');
  if (redisUrl !== undefined && !/^(rediss?|unix):\/\/./.test(redisUrl)) {
    problems.push('REDIS_URL is not a Redis address; expected redis://host:6379, rediss://… or unix:///path/to/socket');
  }
  const config = {
    feedsDir: resolve(cwd, flags.feeds ?? variable('FEEDS_DIR') ?? 'feeds'),
    dataDir: resolve(cwd, flags.data ?? variable('DATA_DIR') ?? 'data'),
    ...(redisUrl !== undefined && { redisUrl }),
    searchPath: variable('PATH') ?? '',
    log: readLog(flags.log ?? variable('CTIM_FEEDS_LOG') ?? 'info', cwd, problems),
    tenant: readRemote(variable, cwd, problems, hints) ?? readEmbedded(flags, variable, problems),
    hints,
  };
  if (config.tenant.kind === 'remote' && (flags.publicUrl ?? variable('PUBLIC_URL')) !== undefined) {
    hints.push(
      'PUBLIC_URL is of no use here: it is the address of the embedded server, and a remote CTIA is configured',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

type Variable = (name: string) => string | undefined;

/** Undefined when nothing at all points to a remote tenant; once anything does, everything must be there. */
function readRemote(variable: Variable, cwd: string, problems: string[], hints: string[]): RemoteTenant | undefined {
  const file = readKeysFile(resolve(cwd, KEYS_FILE), KEYS_FILE);
  const fromFile = (key: Key) => ({ text: file.values[key], where: `${key} in ${KEYS_FILE}` });
  const either = (name: string, key: Key) =>
    variable(name) === undefined ? fromFile(key) : { text: variable(name), where: name };

  // The two halves of a credential belong together, so they come from one place or the other.
  const inEnv = variable('CTIA_CLIENT_ID') !== undefined || variable('CTIA_CLIENT_PASSWORD') !== undefined;
  const half = (name: string, key: Key) => (inEnv ? { text: variable(name), where: name } : fromFile(key));
  const fields = [
    { ...half('CTIA_CLIENT_ID', 'ctr_client_id'), name: 'CTIA_CLIENT_ID', key: 'ctr_client_id', what: 'the client id' },
    {
      ...half('CTIA_CLIENT_PASSWORD', 'ctr_client_password'),
      name: 'CTIA_CLIENT_PASSWORD',
      key: 'ctr_client_password',
      what: 'the client password',
    },
    { ...either('CTIA_URL', 'host'), name: 'CTIA_URL', key: 'host', what: CTIA_HOST.says },
    {
      ...either('CTIA_TOKEN_URL', 'host_for_token'),
      name: 'CTIA_TOKEN_URL',
      key: 'host_for_token',
      what: TOKEN_HOST.says,
    },
  ];
  const present = fields.filter(({ text }) => text !== undefined).map(({ key }) => key);
  problems.push(...file.problems);
  if (present.length === 0) return undefined;

  // A file that is refused or half read says enough by its own problems.
  if (file.problems.length === 0) {
    for (const { text, name, key, what } of fields) {
      if (text !== undefined) continue;
      problems.push(
        `${what} is missing, while ${present.join(' and ')} ${present.length === 1 ? 'is' : 'are'} set; set ${name}, or ${key} in ${KEYS_FILE}`,
      );
    }
  }
  const [id, password, ctia, token] = fields;
  const ctiaUrl = ctia?.text && take(readHost(ctia.where, ctia.text, CTIA_HOST), problems, hints);
  const tokenUrl = token?.text && take(readHost(token.where, token.text, TOKEN_HOST), problems, hints);
  const mixed = ctiaUrl && tokenUrl ? regionProblem(ctiaUrl, tokenUrl) : undefined;
  if (mixed !== undefined) problems.push(mixed);
  return {
    kind: 'remote',
    ctiaUrl: ctiaUrl ?? '',
    tokenUrl: tokenUrl ?? '',
    clientId: id?.text ?? '',
    clientPassword: password?.text ?? '',
  };
}

function readEmbedded(flags: Flags, variable: Variable, problems: string[]): EmbeddedTenant {
  const port = flags.port === undefined ? DEFAULT_PORT : Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    problems.push(`--port is ${flags.port}; expected a number from 0 (any free port) to 65535`);
  }
  const publicUrl = flags.publicUrl ?? variable('PUBLIC_URL');
  if (publicUrl !== undefined && !/^https?:\/\/[^/?#@\s]+\/?$/.test(publicUrl)) {
    problems.push(
      'the public URL is not one; expected how a firewall reaches the embedded server, e.g. https://feeds.example.org',
    );
  }
  return {
    kind: 'embedded',
    port,
    host: flags.host ?? '127.0.0.1',
    ...(publicUrl !== undefined && { publicUrl: publicUrl.replace(/\/$/, '') }),
  };
}

/** Words in any order, e.g. `debug`, `info,pretty` or `debug,file:run.log`. */
function readLog(text: string, cwd: string, problems: string[]): LogOptions {
  const log: LogOptions = { level: 'info', pretty: false };
  for (const word of text.split(',').map((part) => part.trim())) {
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

function take(reading: HostReading, problems: string[], hints: string[]): string | undefined {
  problems.push(...reading.problems);
  hints.push(...reading.hints);
  return reading.url;
}
