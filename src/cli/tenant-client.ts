import { type CtiaClient, makeCtiaClient } from '../ctia/client.ts';
import type { WriterLock } from '../jobs/lock.ts';
import { HOUR, SECOND } from '../runtime/clock.ts';
import type { Session, Tenant } from './session.ts';

/** For a command that shows something: whoever waits for it does not wait out an hour's quota. */
export function askingClient({ clock, signal }: Session, { ctia }: Pick<Tenant, 'ctia'>): CtiaClient {
  return makeCtiaClient({ connection: ctia, clock, signal, patienceMs: 30 * SECOND });
}

/** For a command that carries something out: it waits as long as CTIA asks for, says so, and keeps the workers' lock where there is one. */
export function workingClient(
  { clock, signal }: Session,
  { ctia }: Pick<Tenant, 'ctia'>,
  lock: WriterLock | undefined,
): CtiaClient {
  return makeCtiaClient({
    connection: ctia,
    clock,
    signal,
    patienceMs: HOUR,
    assertMayWrite: lock?.assertHeld,
    onWait: (error, waitMs) => console.error(`${error.message}; waiting ${Math.ceil(waitMs / 1000)} s`),
  });
}
