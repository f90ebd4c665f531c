/**
 * What CTIA did instead of what was asked, by kind: the kind decides the reaction, nobody reads the text to find out.
 *
 *   credentials   the token service refused the client: a person must act
 *   token         401 with a fresh token
 *   capability    403, a scope is missing; `capabilities` names it
 *   forbidden     403, this record is not ours to read or write
 *   not-found     404 of a record
 *   wrong-host    404 where the route must exist: hosts of two services or regions are mixed
 *   invalid       400; `body` says what; nothing of that type was written
 *   too-many      400, more entities than this tenant takes in one request; `entitiesMax` says how many it does take
 *   throttled     429, the quota of the whole organisation; `retryAfterMs` says how long everybody waits
 *   unreachable   nothing was sent: no such host, connection refused, TLS failed
 *   unknown       time-out, reset or 5xx: it may have succeeded
 *   incomplete    a read that did not give as many records as it announced: nothing may be decided on it
 *   unexpected    an answer that the API does not know
 */
export type CtiaErrorKind =
  | 'credentials'
  | 'token'
  | 'capability'
  | 'forbidden'
  | 'not-found'
  | 'wrong-host'
  | 'invalid'
  | 'too-many'
  | 'throttled'
  | 'unreachable'
  | 'unknown'
  | 'incomplete'
  | 'unexpected';

export interface CtiaErrorFacts {
  status?: number;
  /** The parsed body of a 400, to find the entity that it names. Never logged whole: it may be kilobytes of stack trace. */
  body?: unknown;
  retryAfterMs?: number;
  entitiesMax?: number;
  capabilities?: string[];
}

export class CtiaError extends Error {
  readonly kind: CtiaErrorKind;
  readonly facts: CtiaErrorFacts;

  constructor(kind: CtiaErrorKind, message: string, facts: CtiaErrorFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CtiaError';
    this.kind = kind;
    this.facts = facts;
  }
}

export function isCtiaError(error: unknown, ...kinds: CtiaErrorKind[]): error is CtiaError {
  return error instanceof CtiaError && (kinds.length === 0 || kinds.includes(error.kind));
}
