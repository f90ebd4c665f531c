import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { type CtiaClient, makeCtiaClient } from '../ctia/client.ts';
import type { Drafts } from '../incidents/write/draft.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { HOUR, MINUTE } from '../runtime/clock.ts';
import { CommandRefused, EXIT } from './exit.ts';
import { openTenant, type Session, type Tenant } from './session.ts';

/** What commands on incidents, sightings and judgements need of a tenant. */
export interface Intelligence {
  readonly client: CtiaClient;
  readonly owner: string;
  readonly organisation: string;
  /** As the only writer of this owner, where workers may write too. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

/** To read only: no Redis is looked for. */
export async function openToRead(session: Session): Promise<Omit<Intelligence, 'exclusively'>> {
  const { clock, signal } = session;
  const { ctia, owner } = await openTenant(session);
  const client = makeCtiaClient({ connection: ctia, clock, signal, patienceMs: MINUTE });
  return { client, owner, organisation: (await client.identity()).organisation };
}

/** To write: two imports of one thing at the same time would make it twice, so the workers' lock is kept. */
export async function openToWrite(session: Session, opened?: Tenant): Promise<Intelligence> {
  const { clock, signal, config } = session;
  const tenant = opened ?? (await openTenant(session));
  const shared = await shareWithWorkers({ ...config, ...session, ...tenant });
  const client = makeCtiaClient({
    ...{ connection: tenant.ctia, clock, signal, patienceMs: HOUR },
    onWait: (error, waitMs) => console.error(`${error.message}; waiting ${Math.ceil(waitMs / 1000)} s`),
    assertMayWrite: shared?.lock.assertHeld,
  });
  return {
    ...{ client, owner: tenant.owner },
    organisation: (await client.identity()).organisation,
    exclusively: shared?.lock.exclusively ?? ((work) => work()),
  };
}

/** A file, or stdin for `-`. */
export async function readInput(file: string): Promise<string> {
  if (file === '-') return textOf(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new CommandRefused(EXIT.usage, `${file} cannot be read (${String(code)})`);
  }
}

/** What a file says, or all that is wrong with it. */
export function soundDrafts(drafts: Drafts): Extract<Drafts, { drafts: unknown }>['drafts'] {
  if ('drafts' in drafts) return drafts.drafts;
  throw problemsRefused(drafts.problems);
}

export function problemsRefused(problems: readonly { where: string; message: string }[]): CommandRefused {
  const lines = problems.map(({ where, message }) => `${where}: ${message}`);
  return new CommandRefused(EXIT.problems, `nothing was sent:\n${lines.join('\n')}`);
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** An id as people paste it, short or whole, in the form by which the client asks for it. */
export function idOf(text: string, kinds: readonly string[]): string {
  const [, kind] = new RegExp(`(?:^|/ctia/[a-z-]+/)([a-z-]+)-${UUID}$`).exec(text.trim()) ?? [];
  if (kind !== undefined && kinds.includes(kind))
    return `/ctia/${kind}/${text.trim().slice(text.trim().lastIndexOf('/') + 1)}`;
  const example = `${kinds[0]}-0f3a61c2-…`;
  throw new CommandRefused(
    EXIT.usage,
    `"${text.slice(0, 80)}" is no id of ${kinds.length === 1 ? `a ${kinds[0]}` : kinds.join(', ')}; expected is one such as ${example}, short or as a whole URL`,
  );
}
