import type { FastifyRequest } from 'fastify';
import type { Clock } from '../runtime/clock.ts';
import type { Changes } from './changes.ts';
import type { Clients } from './clients.ts';
import type { Documents } from './documents.ts';
import type { Fault } from './faults.ts';
import type { Refresh } from './refresh.ts';
import { Refusal } from './refusal.ts';
import type { Store } from './store.ts';
import { type Caller, NOT_AUTHENTICATED, type Tokens } from './tokens.ts';

/** What the routes share. */
export interface Ctia {
  /** Public URL without a trailing slash; known once the server listens. */
  readonly url: () => string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly bulkMax: number;
  readonly store: Store;
  readonly documents: Documents;
  readonly changes: Changes;
  readonly refresh: Refresh;
  readonly clients: Clients;
  readonly tokens: Tokens;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before routing on every path under `/ctia` but the version and the feed views. */
    caller: Caller | undefined;
    /** The fault that a test's plan spends on this request. */
    fault: Fault | undefined;
  }
}

export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new Refusal(401, NOT_AUTHENTICATED);
  return request.caller;
}
