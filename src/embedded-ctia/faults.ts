/**
 * Misbehaviour for tests, passed in as values: the server itself has no test switch. Faults are tried in the order in
 * which they were given; the first that matches a request is spent on it, `times` times (once where not said), after it
 * let `skip` matching requests pass. With `probability` chance decides, by the server's seed, and without an end where
 * `times` says none.
 *
 *   status         answers `status` before anything happens, with `body`, and `retryAfter` as it is (`3`, `3s`)
 *   reset-before   drops the connection before anything happens
 *   reset-after    drops the connection after the write took effect
 *   slow           answers after `ms`, by the server's clock
 *   token          401, as for a token that was withdrawn
 *   forbidden      403 missing_capability, as for a token without these capabilities
 *   entity-errors  each `every`-th entity of a bulk request or bundle (of one `type`, or of all) ends as an internal error
 *   short          bulk POST leaves the last `drop` results out, of one `type` or of each; a bundle leaves out any `drop` results
 */
export type Fault = {
  readonly on: { readonly method?: string; readonly path?: RegExp };
  readonly skip?: number;
  readonly times?: number;
  readonly probability?: number;
} & Misbehaviour;

export type Misbehaviour =
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly retryAfter?: string }
  | { readonly kind: 'reset-before' | 'reset-after' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'token' }
  | { readonly kind: 'forbidden'; readonly capabilities: readonly string[] }
  | { readonly kind: 'entity-errors'; readonly every: number; readonly type?: string }
  | { readonly kind: 'short'; readonly drop: number; readonly type?: string };

export interface FaultPlan {
  push(...faults: Fault[]): void;
  clear(): void;
  /** Faults that still have times left. */
  readonly left: number;
  /** The fault to spend on this request, if any. */
  take(method: string, path: string): Fault | undefined;
}

export function makeFaultPlan(initial: readonly Fault[], random: () => number): FaultPlan {
  let waiting = initial.map(started);
  return {
    push(...faults) {
      waiting.push(...faults.map(started));
    },
    clear() {
      waiting = [];
    },
    get left() {
      return waiting.length;
    },
    take(method, path) {
      for (const entry of waiting) {
        const { on } = entry.fault;
        if (on.method !== undefined && on.method !== method) continue;
        if (on.path !== undefined && !on.path.test(path)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        if (entry.fault.probability !== undefined && random() >= entry.fault.probability) continue;
        entry.times -= 1;
        if (entry.times === 0) waiting = waiting.filter((other) => other !== entry);
        return entry.fault;
      }
      return undefined;
    },
  };
}

/** What Elasticsearch's failure of one entity looks like inside a bulk result. */
export const INTERNAL_FAILURE = {
  type: 'es_rejected_execution_exception',
  reason: 'rejected execution of coordinating operation',
  index: 'ctia',
  index_uuid: '_na_',
};

/** Whether the fault takes the `position`-th entity (from 0) of its type. */
export function failsEntity(fault: Fault | undefined, type: string, position: number): boolean {
  if (fault?.kind !== 'entity-errors') return false;
  if (fault.type !== undefined && fault.type !== type) return false;
  return position % fault.every === fault.every - 1;
}

/** How many results of this type the answer leaves out. */
export function leftOut(fault: Fault | undefined, type: string): number {
  if (fault?.kind !== 'short' || (fault.type !== undefined && fault.type !== type)) return 0;
  return fault.drop;
}

function started(fault: Fault): { fault: Fault; skip: number; times: number } {
  return {
    fault,
    skip: fault.skip ?? 0,
    times: fault.times ?? (fault.probability === undefined ? 1 : Number.POSITIVE_INFINITY),
  };
}
