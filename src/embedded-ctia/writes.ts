import { mayRead, mayWrite } from './access.ts';
import type { Ctia } from './ctia.ts';
import { hostnameOf, isTransient, longId, newShortId, shortIdOf } from './ids.ts';
import type { Kind, Stored, Submitted } from './kinds.ts';
import { type Invalid, realize } from './realize.ts';
import { accessRefusal, Refusal } from './refusal.ts';
import type { Caller } from './tokens.ts';

/** What single routes, bulk and bundle have in common when they write. */

export function visibility(waitFor: boolean | undefined): 'at once' | 'after the refresh' {
  return waitFor === true ? 'at once' : 'after the refresh';
}

/** A new document of a kind with a new id. */
export function realizeNew(ctia: Ctia, kind: Kind, submitted: Submitted, caller: Caller) {
  if (submitted.id !== undefined && !isTransient(submitted.id)) throw idRefusal(ctia, submitted.id, submitted);
  return realize(kind, submitted, longId(ctia.url(), newShortId(kind.name)), caller, ctia.clock.now());
}

/**
 * Any id but a transient one needs a capability that no scope grants. Before that is asked, a long id has to be of this
 * host; port and protocol are not compared.
 */
function idRefusal(ctia: Ctia, id: string, entity: Submitted): Refusal {
  const { hostname: thisHost } = new URL(ctia.url());
  const host = hostnameOf(id);
  if (host !== undefined && host !== thisHost) {
    return new Refusal(400, { error: 'Invalid hostname in ID', id, 'this-host': thisHost, entity });
  }
  return new Refusal(403, { error: 'Missing capability to specify entity ID', entity });
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

/** What is stored becomes the whole document `submitted`. */
export function change(
  ctia: Ctia,
  kind: Kind,
  previous: Stored,
  submitted: Submitted,
  caller: Caller,
  visible: 'at once' | 'after the refresh',
): Stored {
  const realized = realize(kind, submitted, previous.id, caller, ctia.clock.now(), previous);
  if ('invalid' in realized) throw invalidRefusal(realized.invalid);
  ctia.store.transaction(() => ctia.refresh.write({ put: [realized.stored] }, visible));
  return realized.stored;
}
