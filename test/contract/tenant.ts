import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig, type RemoteTenant } from '../../src/runtime/config.ts';
import { rememberForgotten, removeCreated } from './removal.ts';
import { testContract } from './run.ts';
import { type Created, type Need, openSession, type SessionOptions, send } from './session.ts';

/**
 * `npm run test:contract`: the contract against a real tenant. What it creates carries the name of the run, is amber, and is
 * removed at the end, also after failures and after Ctrl-C; a second Ctrl-C leaves it there and says how to remove it.
 */
const NOT_OFFERED = 'a tenant that is not ours to configure does not give it';
const WITHHELD: readonly Need[] = [
  'a second organisation',
  'a colleague',
  'other scopes',
  'faults',
  'a rate limit',
  'many objects',
];
const TOKEN_RENEWED_BEFORE_MS = 60_000;
/** Cleaning up is worth waiting for. */
const HOUR = 3_600_000;

const { values } = parseArgs({ options: { remove: { type: 'string' } } });
const tenant = readTenant();
if (tenant !== undefined) {
  const token = tokenOf(tenant);
  // Once, before a hundred cases ask for it.
  const refused = await token().then(() => undefined, String);
  if (refused !== undefined) {
    say(refused);
    process.exitCode = 2;
  } else if (values.remove === undefined) testTenant(tenant, token);
  else await removeRun(tenant, token, values.remove);
}

function testTenant(tenant: RemoteTenant, token: () => Promise<string>): void {
  const run = `contract${randomInt(1e11, 1e12)}`;
  const created: Created = { ids: new Set() };
  const stop = new AbortController();
  let requests = 0;
  const options: SessionOptions = {
    url: tenant.ctiaUrl,
    run,
    token,
    created,
    onRequest: () => {
      requests += 1;
    },
  };
  say(`run ${run} against ${tenant.ctiaUrl}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) {
        say(`left there: what the run has made. Remove it with: npm run test:contract -- --remove ${run}`);
        process.exit(130);
      }
      say('stopping; what was created is removed first (once more: leave it there)');
      process.exitCode = 130;
      stop.abort();
    });
  }
  const session = openSession({ ...options, signal: stop.signal });
  const remover = openSession({ ...options, longestWaitMs: HOUR });
  testContract(
    {
      session: () => session,
      withholds: new Map(WITHHELD.map((need) => [need, NOT_OFFERED])),
      clients: [{ session: remover, created }],
    },
    () => rememberForgotten(remover, created),
  );
  process.on('exit', () => say(`${requests} requests of this organisation's quota`));
}

/** Of a run that was killed. */
async function removeRun(tenant: RemoteTenant, token: () => Promise<string>, run: string): Promise<void> {
  if (!/^contract\d{12}$/.test(run)) {
    say(`--remove says ${run}; expected the name of a run, such as contract123456789012`);
    process.exitCode = 2;
    return;
  }
  const created: Created = { ids: new Set() };
  const session = openSession({ url: tenant.ctiaUrl, run, token, created, longestWaitMs: HOUR });
  await rememberForgotten(session, created);
  say(`${created.ids.size} objects of ${run} are removed`);
  const left = await removeCreated(session, created);
  for (const line of left) say(`still there: ${line}`);
  if (left.length > 0) process.exitCode = 1;
}

/** As the product itself reads it, but only where somebody has named the tenant: a key file alone is no wish to write into it. */
function readTenant(): RemoteTenant | undefined {
  process.exitCode = 2;
  if ((process.env.CTIA_URL ?? '').trim() === '') {
    say('name the tenant: CTIA_URL, CTIA_TOKEN_URL, CTIA_CLIENT_ID and CTIA_CLIENT_PASSWORD (docs/HACKING.md)');
    return undefined;
  }
  try {
    const sources = {
      env: process.env,
      flags: {},
      cwd: process.cwd(),
      log: { level: 'silent', pretty: false },
    } as const;
    const { tenant, hints } = loadConfig(sources);
    for (const hint of hints) say(hint);
    if (tenant.kind === 'embedded') return undefined;
    process.exitCode = 0;
    return tenant;
  } catch (problem) {
    if (!(problem instanceof ConfigError)) throw problem;
    say(problem.message);
    return undefined;
  }
}

/** Asks for a token, and for the next one before it ends. */
function tokenOf({ tokenUrl, clientId, clientPassword }: RemoteTenant): () => Promise<string> {
  const basic = Buffer.from(`${clientId}:${clientPassword}`).toString('base64');
  let token = '';
  let renewAt = 0;
  return async () => {
    if (Date.now() < renewAt) return token;
    const { status, json } = await send('POST', `${tokenUrl}/iroh/oauth2/token`, 'grant_type=client_credentials', {
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    });
    if (status !== 200) throw new Error(`no token: ${tokenUrl} answered ${status} ${json?.error ?? ''}`);
    token = json.access_token;
    renewAt = Date.now() + json.expires_in * 1000 - TOKEN_RENEWED_BEFORE_MS;
    return token;
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
