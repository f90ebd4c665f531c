import { mayRead, mayWrite } from './access.ts';
import type { Ctia } from './ctia.ts';
import { isTransient, longId, newShortId, shortIdOf } from './ids.ts';
import type { Kind, Stored, Submitted } from './kinds.ts';
import { type Invalid, realize } from './realize.ts';
import { accessRefusal, Refusal } from './refusal.ts';
import type { Caller } from './tokens.ts';

/** What single routes, bulk and bundle have in common when they write. */

export function visibility(waitFor: boolean | undefined): 'at once' | 'after the refresh' {
  return waitFor === true ? 'at once' : 'after the refresh';
}

/** A new document of a kind with a new id. Any id but a transient one needs a capability that no scope grants. */
export function realizeNew(ctia: Ctia, kind: Kind, submitted: Submitted, caller: Caller) {
  if (submitted.id !== undefined && !isTransient(submitted.id)) {
    throw new Refusal(403, { error: 'Missing capability to specify entity ID', entity: submitted });
  }
  return realize(kind, submitted, longId(ctia.url(), newShortId(kind.name)), caller, ctia.clock.now());
}

/** How single routes and bulk PUT tell that a document is invalid. */
export function invalidRefusal(invalid: Invalid): Refusal {
  switch (invalid.kind) {
    case 'spec':
      return new Refusal(400, {
        error: 'Spec Validation Client Error',
        type: 'Invalid Entity Error',
        message: invalid.message,
        entity: invalid.entity,
        class: 'clojure.lang.ExceptionInfo',
      });
    case 'tlp':
      return new Refusal(400, {
        type: 'Invalid TLP Error',
        message: invalid.message,
        entity: invalid.entity,
        class: 'clojure.lang.ExceptionInfo',
      });
    case 'realization':
      return new Refusal(400, { error: invalid.error, ...invalid.more });
  }
}

/** How bulk POST and bundle import tell it, for one entity among others. */
export function invalidResult(invalid: Invalid, id: string | undefined): Record<string, unknown> {
  switch (invalid.kind) {
    case 'spec':
      return {
        error: 'Entity validation Error',
        msg: invalid.message,
        type: 'spec-validation-error',
        entity: invalid.entity,
      };
    case 'tlp':
      return {
        error: 'Entity Access Control validation Error',
        msg: invalid.message,
        type: 'invalid-tlp-error',
        entity: invalid.entity,
      };
    case 'realization':
      return {
        error: invalid.error,
        type: 'realize-entity-error',
        ...(id === undefined ? {} : { id }),
        ...invalid.more,
      };
  }
}

/** The document behind an id of a path that the caller may change, or the answer why not. */
export function changeable(
  ctia: Ctia,
  kind: Kind,
  id: string,
  caller: Caller,
  verb: 'update' | 'delete',
): Stored | undefined {
  const shortId = shortIdOf(id);
  const stored = shortId === undefined ? undefined : ctia.documents.get(kind.name, shortId);
  if (stored === undefined) return undefined;
  if (!mayRead(caller, stored)) throw accessRefusal('read');
  if (!mayWrite(caller, stored)) throw accessRefusal(verb);
  return stored;
}
