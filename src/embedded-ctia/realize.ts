import type { Identity } from './access.ts';
import { isoInstant } from './instants.ts';
import type { Kind, Stored, Submitted } from './kinds.ts';
import { specFailure } from './spec.ts';

/** CTIM's version that documents are returned with, whatever version they were sent with. */
export const CTIM_VERSION = '1.3.30';

/** Shipped settings of CTIA: `white` lies below the smallest tlp and is refused. */
const ALLOWED_TLPS: readonly string[] = ['green', 'amber', 'red'];
const DEFAULT_TLP = 'green';

/** Why layer two or three refuses one document. How it is told depends on the route. */
export type Invalid =
  | { readonly kind: 'spec'; readonly message: string; readonly entity: Submitted }
  | { readonly kind: 'tlp'; readonly message: string; readonly entity: Submitted }
  | { readonly kind: 'realization'; readonly error: string; readonly more: object };

export type Realized = { readonly stored: Stored } | { readonly invalid: Invalid };

/** What the server makes of a submitted document: on PUT of what is there (`previous`), else of nothing. */
export function realize(
  kind: Kind,
  submitted: Submitted,
  longId: string,
  identity: Identity,
  now: number,
  previous?: Stored,
): Realized {
  const failure = specFailure(kind.rules, submitted);
  if (failure !== undefined) return { invalid: { kind: 'spec', message: failure, entity: submitted } };
  const tlp = submitted.tlp ?? previous?.tlp ?? DEFAULT_TLP;
  if (!ALLOWED_TLPS.includes(tlp)) {
    const message = `Invalid document TLP ${tlp}, allowed TLPs are: ${ALLOWED_TLPS.join(',')}`;
    return { invalid: { kind: 'tlp', message, entity: submitted } };
  }
  const own = kind.realize(submitted, previous, now);
  if ('error' in own) {
    const { error, ...more } = own;
    return { invalid: { kind: 'realization', error, more } };
  }
  const time = isoInstant(now);
  // Not spread: on what zod made, V8 takes thirty times as long for that.
  const stored = Object.assign({}, submitted, own, {
    id: longId,
    type: kind.name,
    schema_version: CTIM_VERSION,
    tlp,
    timestamp: timestampOf(kind, submitted, previous) ?? time,
    owner: previous?.owner ?? identity.login,
    groups: previous?.groups ?? [...identity.groups],
    created: previous?.created ?? time,
    modified: time,
    client_id: previous === undefined ? identity.client : previous.client_id,
  }) as Stored;
  return { stored };
}

function timestampOf(kind: Kind, submitted: Submitted, previous: Stored | undefined): string | undefined {
  if (typeof submitted.timestamp === 'string') return submitted.timestamp;
  return kind.keepsTimestamp === true ? previous?.timestamp : undefined;
}
