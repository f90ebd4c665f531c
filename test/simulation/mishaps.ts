import type { Fault } from '../../src/embedded-ctia/faults.ts';
import type { Chance } from './chance.ts';
import type { Between } from './world.ts';

/** Thrown where the process would have died. Nothing of the product knows it, so nothing catches it. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * Where one run dies. Of a request: before it goes out, or after it took effect, when nobody hears the answer any more.
 * Between batches: what is done is done, and the next one is never begun.
 */
export interface CrashPlan {
  readonly told: string;
  readonly between: Between;
  readonly beforeBatch: () => void;
}

export function drawCrash(chance: Chance): CrashPlan {
  const at = 1 + chance.below(8);
  const where = chance.pick(['before a write', 'after a write', 'before a batch'] as const);
  let writes = 0;
  let batches = 0;
  return {
    told: `dies ${where}, the ${at}.`,
    async between(request, send) {
      if (request.method !== 'GET') writes += 1;
      const isIt = request.method !== 'GET' && writes === at;
      if (isIt && where === 'before a write') throw new Crash();
      const answer = await send(request);
      if (isIt && where === 'after a write') throw new Crash();
      return answer;
    },
    beforeBatch() {
      batches += 1;
      if (where === 'before a batch' && batches === at) throw new Crash();
    },
  };
}

/** The auditor asks for views under another spelling of the path, so that no fault is spent on it. */
export const OF_THE_PRODUCT = /^\/(?:ctia|iroh)\/(?!feed\/feed%2D)/;

const IMPORT = { method: 'POST', path: /bundle\/import/ };
const PUT_BULK = { method: 'PUT', path: /ctia\/bulk/ };
const DELETE_BULK = { method: 'DELETE', path: /ctia\/bulk/ };
const WRITES = [IMPORT, IMPORT, PUT_BULK, PUT_BULK, DELETE_BULK, { method: 'POST', path: /(?:indicator|feed)$/ }];
const READS = [
  { method: 'GET', path: /external_id/ },
  { method: 'GET', path: /ctia\/bulk/ },
  { method: 'GET', path: /\/feed-[^/]+\/view/ },
  { method: 'GET', path: /search/ },
];

export function drawFaults(chance: Chance): Fault[] {
  return Array.from({ length: 1 + chance.below(4) }, () => drawFault(chance));
}

function drawFault(chance: Chance): Fault {
  const on = chance.pick([...WRITES, ...WRITES, ...READS, { path: OF_THE_PRODUCT }]);
  const skip = chance.below(4);
  const times = 1 + chance.below(3);
  const type = chance.pick(['judgement', 'relationship']);
  const kinds: Fault[] = [
    { on, skip, times, kind: 'reset-before' },
    { on, skip, times, kind: 'reset-after' },
    { on, skip, times: 4, kind: 'reset-after' },
    { on, skip, times, kind: 'status', status: chance.pick([500, 502, 503]) },
    { on, skip, times, kind: 'status', status: 429, retryAfter: chance.pick(['7s', '30', '900']) },
    { on: { path: OF_THE_PRODUCT }, probability: 0.1, times: 6, kind: 'reset-after' },
    { on: { path: OF_THE_PRODUCT }, probability: 0.1, times: 6, kind: 'status', status: 503 },
    { on, skip, kind: 'token' },
    { on, skip, times, kind: 'slow', ms: 1 + chance.below(30_000) },
    { on: chance.pick(WRITES), skip, kind: 'entity-errors', every: 1 + chance.below(3), times },
    { on: chance.pick(WRITES), skip, kind: 'entity-errors', every: 1 + chance.below(3), times: times + 3, type },
    { on: IMPORT, skip, times, kind: 'short', drop: 1 + chance.below(6) },
    { on: IMPORT, kind: 'short', drop: 99 },
    { on: chance.pick([PUT_BULK, IMPORT, DELETE_BULK]), skip, kind: 'forbidden', capabilities: ['create-casebook'] },
  ];
  return chance.pick(kinds);
}

export function spokenFault({ on, skip = 0, times, probability, ...rest }: Fault): string {
  const { kind, ...how } = rest;
  const where = `${on.method ?? 'any'} ${on.path?.source ?? ''}`;
  const when = probability === undefined ? `after ${skip}, ${times ?? 1} times` : `by chance ${probability}`;
  return `${kind} ${JSON.stringify(how)} on ${where} ${when}`;
}
