import type { Confidence, Disposition, Severity, Tlp } from './judgement.ts';
import type { Observable } from './observable.ts';

/** Where a person finds what is meant. `file` begins with the name of the feeds folder: `feeds/tor.yaml`. Line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * How long a judgement is valid.
 *   renewed  `text` after its start (`7d`), and renewed as long as the entry stands in its list
 *   runs-out `text` from when it is first published, and never renewed: the list said `renew: false`
 *   once     until `end` (epoch ms), and never renewed: the entry said `expires:`
 */
export type Lifetime =
  | { readonly kind: 'renewed' | 'runs-out'; readonly text: string; readonly ms: number }
  | { readonly kind: 'once'; readonly text: string; readonly end: number };

/** The first day of an entry: before it nothing of it is published. */
export interface Start {
  readonly text: string;
  /** Epoch ms. */
  readonly at: number;
}

/** What a judgement says of its observable. Entries that say the same share one object: a list of a million has one `Terms`. */
export interface Terms {
  readonly disposition: Disposition;
  readonly reason?: string;
  /** The case that it belongs to. Written beside the place it came from, and like that never compared. */
  readonly ticket?: string;
  readonly source: string;
  readonly source_uri?: string;
  readonly priority: number;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly tlp: Tlp;
  readonly lifetime: Lifetime;
  readonly starts?: Start;
}

/** One accepted item of a list: exactly one judgement is to exist for it. `list` is the list's name. */
export interface Entry {
  readonly observable: Observable;
  readonly terms: Terms;
  readonly list: string;
  readonly channel: string;
  readonly position: Position;
  /** A range that is published without the allowed addresses in it, in as many parts as that takes. */
  readonly carveOut?: true;
  /** A person answered for it, against what guards say. */
  readonly forced?: true;
  /** Short ids of judgements that others made, to be taken over instead of making one. */
  readonly adopt?: readonly string[];
}

/** What a person let through for a time, out of whatever blocks it. */
export interface AllowedByHand extends Observable {
  /** Ranges that hold it are published in parts around it, whatever their lists say of that. */
  readonly carveOut?: true;
}

/** Whom logs made us block (reconcile/attackers.ts). */
export const ATTACKERS = 'attackers';

/** Lists without a file: the judgement itself is the will of a person. A YAML list may not take their names. */
export const RESERVED_LISTS = ['adhoc-block', 'adhoc-allow', ATTACKERS] as const;
