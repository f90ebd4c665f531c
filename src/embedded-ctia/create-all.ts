import type { Ctia } from './ctia.ts';
import { type Fault, failsEntity, INTERNAL_FAILURE } from './faults.ts';
import { isTransient } from './ids.ts';
import { BULK_KINDS, type Kind, type Stored, type Submitted } from './kinds.ts';
import type { Caller } from './tokens.ts';
import { invalidResult, realizeNew } from './writes.ts';

export interface Created {
  readonly submitted: Submitted;
  readonly longId?: string;
  readonly failure?: Record<string, unknown>;
}

/** By plural, as `bodyOf` makes it. */
export type Collections = Readonly<Record<string, unknown[] | undefined>>;

/**
 * Creates everything in the request, what refers to other kinds after them, so that it may name transient ids of the same
 * request. `tempids` are known already (a bundle's existing entities) and grow with what is created.
 */
export function createAll(
  ctia: Ctia,
  body: Collections,
  caller: Caller,
  tempids: Map<string, string>,
  visible: 'at once' | 'after the refresh',
  fault: Fault | undefined,
): { results: Map<Kind, Created[]>; tempids: Map<string, string> } {
  const results = new Map<Kind, Created[]>();
  const stored: Stored[] = [];
  for (const [kind, documents] of entriesOf<Submitted>(body)) {
    const created = documents.map((submitted, position): Created => {
      const resolved = withReferences(kind, submitted, tempids);
      const realized = realizeNew(ctia, kind, resolved, caller);
      if ('invalid' in realized) {
        return { submitted, failure: invalidResult(realized.invalid, submitted.id) };
      }
      const { id } = realized.stored;
      if (failsEntity(fault, kind.name, position)) return { submitted, failure: { error: INTERNAL_FAILURE, id } };
      stored.push(realized.stored);
      if (submitted.id !== undefined && isTransient(submitted.id)) tempids.set(submitted.id, id);
      return { submitted, longId: id };
    });
    results.set(kind, created);
  }
  ctia.refresh.write({ create: stored }, visible);
  return { results, tempids };
}

/** In the order of creation. `T` is what the body's schema has made of each element. */
export function* entriesOf<T>(body: Collections): Generator<[kind: Kind, items: T[]]> {
  for (const kind of BULK_KINDS) {
    const items = body[kind.plural];
    if (items !== undefined && items.length > 0) yield [kind, items as T[]];
  }
}

function withReferences(kind: Kind, submitted: Submitted, tempids: ReadonlyMap<string, string>): Submitted {
  const { references } = kind;
  if (references === undefined) return submitted;
  // Not spread, as in `realize`.
  const resolved: Submitted = Object.assign({}, submitted);
  for (const name of references) {
    const id = tempids.get(String(submitted[name]));
    if (id !== undefined) resolved[name] = id;
  }
  return resolved;
}
