import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Config, ConfigError, type Flags, loadConfig } from '../../src/runtime/config.ts';

const EU = {
  CTIA_URL: 'https://private.intel.eu.amp.cisco.com',
  CTIA_TOKEN_URL: 'https://visibility.eu.amp.cisco.com',
};
const CREDENTIAL = { CTIA_CLIENT_ID: 'client-1', CTIA_CLIENT_PASSWORD: 'hunter2-secret' };

const FILLED_IN = `# of the EU organisation
ctr_client_id = client-file
ctr_client_password=hunter2-secret   # rotated in May
host =https://private.intel.eu.amp.cisco.com
host_for_token = https://visibility.eu.amp.cisco.com
`;

function load({
  env = {},
  flags = {},
  keys,
  mode = 0o600,
}: {
  env?: NodeJS.ProcessEnv;
  flags?: Flags;
  keys?: string;
  mode?: number;
}) {
  const cwd = mkdtempSync(join(tmpdir(), 'config-'));
  if (keys !== undefined) {
    mkdirSync(join(cwd, 'keys'));
    writeFileSync(join(cwd, 'keys', 'ctr_api_keys.txt'), keys);
    chmodSync(join(cwd, 'keys', 'ctr_api_keys.txt'), mode);
  }
  return { cwd, config: loadConfig({ env, flags, cwd, log: { level: 'info', pretty: false } }) };
}

function checkProblems(settings: Parameters<typeof load>[0], expected: RegExp[]) {
  assert.throws(
    () => load(settings),
    (error) => {
      assert(error instanceof ConfigError);
      assert.equal(error.problems.length, expected.length, error.message);
      for (const [index, pattern] of expected.entries()) assert.match(error.problems[index] ?? '', pattern);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
}

function remote(config: Config) {
  assert(config.tenant.kind === 'remote');
  return config.tenant;
}

test('without any settings: the embedded server on loopback, feeds/ and data/', () => {
  const { cwd, config } = load({ env: { PATH: '/usr/bin' } });
  assert.deepEqual(config, {
    feedsDir: join(cwd, 'feeds'),
    dataDir: join(cwd, 'data'),
    upstreamPrivateHosts: [],
    notifyTargets: [],
    searchPath: '/usr/bin',
    tenant: { kind: 'embedded' },
    incidentBase: 'ctia',
    listen: {},
    log: { level: 'info', pretty: false },
    hints: [],
  });
});

test('flags win over the environment', () => {
  const env = {
    FEEDS_DIR: 'env-feeds',
    DATA_DIR: '/env-data',
    PUBLIC_URL: 'https://env.example',
    CTIM_FEEDS_LOG: 'debug',
  };
  const { cwd, config } = load({
    env,
    flags: { feeds: 'flag-feeds', publicUrl: 'https://flag.example/', port: '0', log: 'warn,pretty' },
  });
  assert.equal(config.feedsDir, join(cwd, 'flag-feeds'));
  assert.equal(config.dataDir, '/env-data');
  assert.deepEqual(config.listen, { port: 0, publicUrl: 'https://flag.example' });
  assert.deepEqual(config.log, { level: 'warn', pretty: true });
});

test('the keys file, with spaces, comments, a byte order mark and CRLF', () => {
  const { config } = load({ keys: `\uFEFF${FILLED_IN.replaceAll('\n', '\r\n')}` });
  assert.deepEqual(config.tenant, {
    kind: 'remote',
    ctiaUrl: 'https://private.intel.eu.amp.cisco.com',
    tokenUrl: 'https://visibility.eu.amp.cisco.com',
    clientId: 'client-file',
    clientPassword: 'hunter2-secret',
  });
});

test('the environment wins over the keys file, and an empty variable is none', () => {
  const { config } = load({ keys: FILLED_IN, env: { ...CREDENTIAL, CTIA_URL: '', CTIA_TOKEN_URL: '' } });
  assert.equal(remote(config).clientId, 'client-1');
  assert.equal(remote(config).ctiaUrl, 'https://private.intel.eu.amp.cisco.com');
});

test('with everything in the environment the keys file is not even looked at', () => {
  const { config } = load({ keys: 'nonsense', mode: 0o644, env: { ...CREDENTIAL, ...EU } });
  assert.equal(remote(config).clientId, 'client-1');
});

test('half of a credential names the missing half', () => {
  checkProblems({ env: { ...EU, CTIA_CLIENT_ID: 'client-1' } }, [
    /client password is missing.*set CTIA_CLIENT_PASSWORD/,
  ]);
  checkProblems({ env: { ...EU, CTIA_CLIENT_PASSWORD: 'hunter2-secret' } }, [
    /client id is missing.*set CTIA_CLIENT_ID/,
  ]);
  checkProblems({ env: CREDENTIAL }, [/CTIA host.* is missing/, /gives tokens.* is missing/]);
  // An id from here and a password from there are two different clients.
  checkProblems({ keys: FILLED_IN, env: { CTIA_CLIENT_ID: 'client-1' } }, [
    /client password is missing.*CTIA_CLIENT_ID/,
  ]);
});

test('a keys file that others can read is refused, with the command that mends it', () => {
  checkProblems({ keys: FILLED_IN, mode: 0o640 }, [
    /can be read by other users \(mode 640\).*chmod 600 keys\/ctr_api_keys.txt/,
  ]);
});

test('what is wrong in a keys file is named by line, all at once, and never quoted', () => {
  checkProblems(
    { keys: 'ctr_client_id = <client id>\nhunter2-secret\nclient_id = hunter2\nhunter2-secret==\nhost=\n' },
    [
      /:1 ctr_client_id is not filled in/,
      /:2 has no "="/,
      /:3 has an unknown key "client_id"; expected one of ctr_client_id/,
      /:4 has an unknown key;/,
      /:5 host is not filled in/,
    ],
  );
  checkProblems({ keys: `${FILLED_IN}host = https://private.intel.amp.cisco.com\n` }, [/:6 says host a second time/]);
  checkProblems({ keys: 'c\0t\0r\0' }, [/not UTF-8/]);
});

const ACCEPTED = [
  ['https://private.intel.eu.amp.cisco.com/', 'https://private.intel.eu.amp.cisco.com', undefined],
  ['https://private.intel.eu.amp.cisco.com/ctia', 'https://private.intel.eu.amp.cisco.com', /added anyway/],
  ['private.intel.eu.amp.cisco.com', 'https://private.intel.eu.amp.cisco.com', /read as https/],
  ['https://gateway.example/eu/ctia/', 'https://gateway.example/eu', /added anyway/],
  ['http://127.0.0.1:3000', 'http://127.0.0.1:3000', undefined],
  ['http://[::1]:3000/ctia', 'http://[::1]:3000', /added anyway/],
  ['http://ctia:3000', 'http://ctia:3000', undefined],
] as const;

for (const [written, url, hint] of ACCEPTED) {
  test(`CTIA_URL ${written} is ${url}`, () => {
    const { config } = load({ env: { ...EU, ...CREDENTIAL, CTIA_URL: written } });
    assert.equal(remote(config).ctiaUrl, url);
    assert.match(config.hints.join(), hint ?? /^$/);
  });
}

const REFUSED = [
  ['http://private.intel.eu.amp.cisco.com', /http, which would send the password in the clear/],
  ['https://user:hunter2@private.intel.eu.amp.cisco.com', /carries a user name/],
  ['https://visibility.eu.amp.cisco.com', /the other host/],
  ['https://private.intel.apjc.amp.cisco.com', /different regions/],
  ['https://private.intel.eu.amp.cisco.com/?a=1', /has a "\?"/],
  ['ftp://private.intel.eu.amp.cisco.com', /begins with ftp:/],
  ['https://', /not a URL/],
] as const;

for (const [written, problem] of REFUSED) {
  test(`CTIA_URL ${written} is refused`, () =>
    checkProblems({ env: { ...EU, ...CREDENTIAL, CTIA_URL: written } }, [problem]));
}

test('the US hosts have no region; with one they are accepted with a hint', () => {
  const env = {
    ...CREDENTIAL,
    CTIA_URL: 'https://private.intel.us.amp.cisco.com',
    CTIA_TOKEN_URL: 'https://visibility.us.amp.cisco.com/iroh/oauth2/token',
  };
  const { config } = load({ env });
  assert.equal(remote(config).ctiaUrl, 'https://private.intel.amp.cisco.com');
  assert.equal(remote(config).tokenUrl, 'https://visibility.amp.cisco.com');
  assert.equal(config.hints.length, 3);
});

test('the other settings are checked too, all at once', () => {
  checkProblems(
    {
      env: { REDIS_URL: 'http://:hunter2@redis', PUBLIC_URL: 'feeds.example', CTIM_FEEDS_LOG: 'loud' },
      flags: { port: '99999' },
    },
    [
      /REDIS_URL is not a Redis address/,
      /says "loud"; expected silent, error/,
      /--port is 99999/,
      /public URL is not one/,
    ],
  );
});

test('FEEDS_REPO is a path or a URL, and the folder of the lists lies in what is fetched', () => {
  const there = (env: Record<string, string>) => load({ env }).config;
  const local = there({ FEEDS_REPO: 'lists.git' });
  assert.match(local.repository?.url ?? '', /^\/.*\/lists\.git$/);
  assert.equal(local.feedsDir, `${local.repository?.home}/current/feeds`);
  for (const url of ['https://git.example/lists.git', 'git@git.example:lists.git'])
    assert.equal(there({ FEEDS_REPO: url }).repository?.url, url);
  const { repository, feedsDir, webhook } = there({
    FEEDS_REPO: '/srv/lists.git',
    FEEDS_BRANCH: 'live',
    FEEDS_DIR: 'soc/blocklists',
    WEBHOOK_SECRET: 'sixteen-or-more-characters',
    WEBHOOK_LISTEN: '[::1]:8080',
  });
  assert.equal(repository?.branch, 'live');
  assert.ok(feedsDir.endsWith('/repository/current/soc/blocklists'));
  assert.deepEqual(webhook, { host: '::1', port: 8080, secret: 'sixteen-or-more-characters' });
});

test('what FEEDS_REPO and the webhook cannot be is said', () => {
  const secret = 'sixteen-or-more-characters';
  checkProblems({ env: { FEEDS_REPO: '--upload-pack=x', FEEDS_BRANCH: '-b' } }, [
    /FEEDS_REPO begins with a hyphen/,
    /FEEDS_BRANCH begins with a hyphen/,
  ]);
  checkProblems({ env: { FEEDS_REPO: 'lists', FEEDS_DIR: '/feeds' } }, [/folder in that repository; found \/feeds/]);
  checkProblems({ env: { FEEDS_REPO: 'lists', FEEDS_DIR: '../x' } }, [/folder in that repository; found \.\.\/x/]);
  checkProblems({ env: { FEEDS_BRANCH: 'main' } }, [/FEEDS_REPO is not/]);
  checkProblems({ env: { WEBHOOK_LISTEN: '127.0.0.1:1' } }, [/WEBHOOK_SECRET is not/]);
  checkProblems({ env: { WEBHOOK_SECRET: secret } }, [/nothing to fetch/]);
  checkProblems({ env: { FEEDS_REPO: 'lists', WEBHOOK_SECRET: 'short' } }, [/less than 16 characters/]);
  checkProblems({ env: { FEEDS_REPO: 'lists', WEBHOOK_SECRET: secret, WEBHOOK_LISTEN: '8080' } }, [
    /expected address:port/,
  ]);
});
