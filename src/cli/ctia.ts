import { readFileSync } from 'node:fs';
import { readFaults } from '../embedded-ctia/fault-list.ts';
import type { Fault } from '../embedded-ctia/faults.ts';
import { startEmbeddedCtia } from '../embedded-ctia/server.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { embeddedFolder, type Session, untilAborted } from './session.ts';

export interface CtiaFlags {
  clientId?: string;
  clientPassword?: string;
  rateLimit?: string;
  refreshMs?: string;
  seed?: string;
  faults?: string;
  faultAdmin: boolean;
}

/** `ctia`: the embedded server alone, for a team that has no Cisco account and workers on other machines. */
export async function ctia(session: Session, flags: CtiaFlags): Promise<Exit> {
  const { config, clock, log, releases, signal } = session;
  const { clientId: id, clientPassword: password } = flags;
  if ((id === undefined) !== (password === undefined)) {
    throw new CommandRefused(EXIT.usage, 'an API client is --client-id and --client-password together');
  }
  const rateLimitPerHour = wholeNumber('--rate-limit', flags.rateLimit, 1);
  const refreshMs = wholeNumber('--refresh-ms', flags.refreshMs, 0);
  const seed = wholeNumber('--seed', flags.seed, 0);
  const { dataDir, keyFile } = embeddedFolder(config);
  const server = await startEmbeddedCtia({
    ...config.listen,
    ...(id !== undefined && password !== undefined && { client: { id, password } }),
    ...(rateLimitPerHour !== undefined && { rateLimitPerHour }),
    ...(refreshMs !== undefined && { refreshMs }),
    ...(seed !== undefined && { seed }),
    ...(flags.faults !== undefined && { faults: faultsOf(flags.faults) }),
    faultAdmin: flags.faultAdmin,
    dataDir,
    keyFile,
    clock,
    log,
  });
  releases.add('embedded CTIA', () => server.close());
  session.print(
    `Embedded CTIA at ${server.url}; ${id === undefined ? `the API client is in ${keyFile}` : `API client ${id}`}; Ctrl-C stops it.`,
  );
  await untilAborted(signal);
  return EXIT.done;
}

function wholeNumber(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && text.trim() !== '') return number;
  throw new CommandRefused(EXIT.usage, `${flag} is ${text}; expected a whole number from ${least}`);
}

function faultsOf(file: string): Fault[] {
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandRefused(EXIT.usage, `--faults: ${file} is no list of faults in JSON: ${why}`);
  }
  const read = readFaults(list);
  if ('problems' in read)
    throw new CommandRefused(EXIT.usage, read.problems.map((each) => `${file}: ${each}`).join('\n'));
  return read.faults;
}
