import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openAdministration } from '../embedded-ctia/administration.ts';
import { isKnownScope } from '../embedded-ctia/capability.ts';
import { DEFAULT_SCOPES } from '../embedded-ctia/clients.ts';
import { readKeyFile, writeKeyFile } from '../embedded-ctia/key-file.ts';
import { moveStore } from '../embedded-ctia/move.ts';
import { backUpStore } from '../embedded-ctia/store.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { embeddedFolder, type Session } from './session.ts';

/** What is done to the store of an embedded server, beside the server or without it. */

export async function addClient(
  session: Session,
  said: { login?: string; org?: string; scopes?: string; keyFile?: string },
): Promise<Exit> {
  const keyFile = said.keyFile === undefined ? undefined : resolve(said.keyFile);
  if (keyFile !== undefined && existsSync(keyFile)) {
    throw new CommandRefused(EXIT.usage, `${keyFile} is there already, and may hold somebody's key: name another file`);
  }
  const administration = await openAdministration(embeddedFolder(session.config).dataDir);
  try {
    const { login, org } = said;
    const scopes = said.scopes?.split(/[\s,]+/).filter((scope) => scope !== '');
    for (const scope of scopes ?? [])
      if (!isKnownScope(scope))
        console.error(
          `${scope} grants nothing here: expected are ${DEFAULT_SCOPES.join(', ')}, each with :read or :write, and private-intel/<entity>`,
        );
    const { id, password } = await administration.add({
      ...(login !== undefined && { login }),
      ...(org !== undefined && { org }),
      ...(scopes !== undefined && { scopes }),
    });
    session.print(`client id  ${id}\npassword   ${password}\nThe password is told here and nowhere else.`);
    if (keyFile !== undefined) {
      writeKeyFile(keyFile, { id, password }, administration.url ?? '');
      session.print(`Both are in ${keyFile}.`);
    }
    return EXIT.done;
  } finally {
    administration.close();
  }
}

export async function listClients(session: Session): Promise<Exit> {
  const administration = await openAdministration(embeddedFolder(session.config).dataDir);
  try {
    for (const { id, login, org, scopes } of await administration.all()) {
      session.print(`${id}  login ${login}  org ${org}  ${scopes.join(' ')}`);
    }
    return EXIT.done;
  } finally {
    administration.close();
  }
}

export async function removeClient(session: Session, id: string): Promise<Exit> {
  const administration = await openAdministration(embeddedFolder(session.config).dataDir);
  try {
    if (!(await administration.remove(id))) throw new CommandRefused(EXIT.usage, `there is no client ${id}`);
    session.print(`${id} is removed; its tokens are refused.`);
    return EXIT.done;
  } finally {
    administration.close();
  }
}

export async function move(session: Session): Promise<Exit> {
  const { config, clock } = session;
  const { publicUrl } = config.listen;
  if (publicUrl === undefined)
    throw new CommandRefused(EXIT.usage, 'say where to: --public-url https://feeds.example.org');
  const { dataDir, keyFile } = embeddedFolder(config);
  const { from, documents } = moveStore(dataDir, publicUrl, clock);
  // The client's key stays right; its file names the host for people and other programs.
  if (readKeyFile(keyFile)?.host === from) {
    const lines = readFileSync(keyFile, 'utf8').replaceAll(` = ${from}\n`, ` = ${publicUrl}\n`);
    writeFileSync(keyFile, lines, { mode: 0o600 });
  }
  session.print(`${documents} documents rewritten from ${from} to ${publicUrl}.`);
  return EXIT.done;
}

export async function backup(session: Session, file: string): Promise<Exit> {
  const target = resolve(file);
  if (existsSync(target)) throw new CommandRefused(EXIT.usage, `${target} is there already: name another file`);
  backUpStore(embeddedFolder(session.config).dataDir, target);
  session.print(`The store is in ${target}. It holds secrets: keep it to yourself.`);
  return EXIT.done;
}
