import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CtiaConnection, openCtia } from '../ctia/client.ts';
import { missingScopes } from '../ctia/scopes.ts';
import { problemLine } from '../ctim/problem.ts';
import { EmbeddedCtiaError } from '../embedded-ctia/error.ts';
import { readKeyFile } from '../embedded-ctia/key-file.ts';
import { ownerOf } from '../jobs/desired.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Config, type Flags, loadConfig } from '../runtime/config.ts';
import { type Log, type LogOptions, makeLog } from '../runtime/log.ts';
import { makeReleases, type Releases } from '../runtime/release.ts';
import { readFeeds, readSettingsAlone, readSoundSettings } from '../sources/feeds-folder.ts';
import { type KnowGuards, makeGuardKnowledge } from '../sources/guard-knowledge.ts';
import { currentTree, FetchError, fetchRepository } from '../sources/repository.ts';
import { CommandRefused, EXIT } from './exit.ts';
import { rememberedOwner } from './remembered-owner.ts';

/** What a command starts from. What it opens, it adds to `releases`; main closes all of it, last in first out. */
export interface Session {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly releases: Releases;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** What guards go by besides the settings. */
  readonly guardKnowledge: KnowGuards;
  /** To stdout. */
  print(text: string): void;
}

export interface SessionParts {
  env: NodeJS.ProcessEnv;
  flags: Flags;
  signal: AbortSignal;
  /** What the command logs by itself, in lines for people where somebody watches the terminal. */
  level: LogOptions['level'];
}

export function makeSession({ env, flags, signal, level }: SessionParts): Session {
  const log = { level, pretty: process.stderr.isTTY };
  const config = loadConfig({ env, flags, cwd: process.cwd(), log });
  return {
    config,
    clock: systemClock,
    log: makeLog(config.log, secretsOf(config)),
    releases: makeReleases(),
    signal,
    guardKnowledge: makeGuardKnowledge(config),
    print: (text) => console.log(text),
  };
}

function secretsOf({ tenant, webhook, notifyTargets }: Config): string[] {
  return [
    ...(tenant.kind === 'remote' ? [tenant.clientPassword] : []),
    ...(webhook ? [webhook.secret] : []),
    ...notifyTargets.map(({ url }) => url),
  ];
}

/** Before a command reads lists: with FEEDS_REPO it fetches them. What was fetched before serves where that fails. */
export async function bringLists({ config, log }: Session): Promise<void> {
  const { repository } = config;
  if (repository === undefined) return;
  try {
    await fetchRepository(repository.home, repository);
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    if (!hasFetched(config)) throw new CommandRefused(EXIT.failed, error.message);
    log.warn(`${error.message}; going by what was fetched last`);
  }
}

/** Whether there is anything to go by yet; without FEEDS_REPO nothing is fetched. */
export function hasFetched({ repository }: Config): boolean {
  return repository === undefined || existsSync(currentTree(repository.home));
}

/** The owner stands in the settings, so who asks for no list fetches too where nothing is there yet. Renewing goes on without lists. */
async function bringSettings(session: Session): Promise<void> {
  if (!hasFetched(session.config)) await bringListsIfAny(session);
}

/** For workers: without lists they renew for the owner that they had here before. */
export async function bringListsIfAny(session: Session): Promise<void> {
  try {
    await bringLists(session);
  } catch (error) {
    if (!(error instanceof CommandRefused) || rememberedOwner(session.config) === undefined) throw error;
    session.log.warn(`${error.message}; going on without lists`);
  }
}

/** For commands that stay until they are told to stop. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

export interface Tenant {
  readonly ctia: CtiaConnection;
  readonly owner: string;
  readonly ownEmbedded: boolean;
}

/** The tenant that the configuration names: a remote one, or the embedded server, started here unless it runs already. */
export async function openTenant(session: Session): Promise<Tenant> {
  const { config, clock, log, releases } = session;
  const ownEmbedded = config.tenant.kind === 'embedded';
  await bringSettings(session);
  const owner = await readOwner(session, ownEmbedded);
  const access = config.tenant.kind === 'remote' ? config.tenant : await openEmbedded(session);
  const ctia = openCtia({ clock, ...access, incidentBase: config.incidentBase });
  releases.add('connections to CTIA', () => ctia.close());
  const missing = missingScopes((await ctia.tokens.get()).scopes);
  if (missing.length > 0)
    log.warn({ missing }, 'the API client lacks scopes that renewing and withdrawing in place need');
  return { ctia, owner, ownEmbedded };
}

/** Whose entries these are, as the settings say. */
export async function readOwner({ config, log }: Session, ownEmbedded: boolean): Promise<string> {
  const { feedsDir } = config;
  const settings = await readSettingsAlone(feedsDir);
  if (settings.owner === undefined && (await readSoundSettings(feedsDir)) === undefined) {
    const remembered = rememberedOwner(config);
    if (remembered !== undefined) {
      log.warn({ owner: remembered }, 'the settings cannot be read; the owner is the one that workers had here before');
      return remembered;
    }
  }
  const owner = ownerOf(settings, ownEmbedded);
  if (owner !== undefined) return owner;
  const { reading } = await readFeeds(feedsDir, { now: 0 });
  // Without a folder, or with settings that cannot be read, the owner may well be set.
  const errors = reading.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new CommandRefused(EXIT.problems, errors.map(problemLine).join('\n'));
  const where = join(feedsDir, 'settings.yaml');
  throw new CommandRefused(
    EXIT.usage,
    `no owner is set: whose entries these are must be said once and never changed; write "owner: yourname" (3 to 32 of a-z and 0-9, a letter first) into ${where}`,
  );
}

type Access = { ctiaUrl: string; tokenUrl: string; clientId: string; clientPassword: string };

export function embeddedFolder(config: Config): { dataDir: string; keyFile: string } {
  const dataDir = join(config.dataDir, 'ctia');
  return { dataDir, keyFile: join(dataDir, 'client.txt') };
}

/** Starts the embedded server, or joins the one that a process of ours runs on the same store. */
async function openEmbedded(session: Session): Promise<Access> {
  const { config, clock, log, releases } = session;
  const { dataDir, keyFile } = embeddedFolder(config);
  const { localUrlFile, startEmbeddedCtia } = await import('../embedded-ctia/server.ts');
  try {
    const server = await startEmbeddedCtia({ ...config.listen, dataDir, keyFile, clock, log });
    releases.add('embedded CTIA', () => server.close());
    if (server.credentials === undefined) throw noKey(keyFile);
    return accessTo(server.localUrl, server.credentials);
  } catch (error) {
    if (!(error instanceof EmbeddedCtiaError) || error.kind !== 'store-locked') throw error;
    const kept = readKeyFile(keyFile);
    if (kept === undefined || !existsSync(localUrlFile(dataDir))) throw error;
    return accessTo(readFileSync(localUrlFile(dataDir), 'utf8'), kept);
  }
}

function accessTo(url: string, { id, password }: { id: string; password: string }): Access {
  return { ctiaUrl: url, tokenUrl: url, clientId: id, clientPassword: password };
}

function noKey(keyFile: string): CommandRefused {
  return new CommandRefused(
    EXIT.failed,
    `the embedded server has clients, but ${keyFile} tells the password of none: put it back from a backup, or set CTIA_CLIENT_ID and CTIA_CLIENT_PASSWORD`,
  );
}
