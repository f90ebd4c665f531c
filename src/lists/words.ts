import type { Lifetime, Terms } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import { type Disposition, type DispositionName, dispositionNumber } from '../ctim/judgement.ts';
import { type LifetimeBounds, parseExpires, parseLifetime, parseStarts } from './lifetime.ts';
import type { OverrideText } from './list-schema.ts';

/** What an entry, an override or the defaults say of their own; what they leave open comes from the level above. */
export interface Words {
  readonly terms: Partial<Terms>;
  /** Why a guard does not apply. */
  readonly force?: string;
  readonly carveOut?: boolean;
  /** Short ids of the judgements that are to be taken over. */
  readonly adopt?: readonly string[];
}

/** What decides how the words of one list are read. */
export interface Reader {
  readonly action: ListAction;
  readonly now: number;
  readonly bounds: LifetimeBounds;
  /** The list says `renew: false`: a lifetime is not prolonged. */
  readonly runsOut: boolean;
}

/** A key whose text is well formed and still wrong. */
export interface WrongKey {
  readonly key: string;
  readonly message: string;
}

const DISPOSITIONS_OF: Readonly<Record<ListAction, readonly DispositionName[]>> = {
  block: ['Malicious', 'Suspicious', 'Unknown'],
  allow: ['Clean', 'Common'],
};

export function defaultDisposition(action: ListAction): Disposition {
  return action === 'block' ? 2 : 1;
}

export function readWords(said: OverrideText, reader: Reader): { words: Words; wrong: WrongKey[] } {
  const wrong: WrongKey[] = [];
  const { action, now } = reader;
  const { lifetime, expires, starts, disposition, force, carve_out: carveOut, ...rest } = said;
  const terms: { -readonly [K in keyof Terms]?: Terms[K] } = {};
  // Keys that are not said must be absent, not undefined: they would hide the level above.
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) Object.assign(terms, { [key]: value });
  if (lifetime !== undefined && expires !== undefined) {
    wrong.push({
      key: 'expires',
      message: 'lifetime and expires exclude each other: a lifetime is renewed, a date runs out once',
    });
  }
  const span = lifetimeOf(lifetime, expires, reader, wrong);
  if (span !== undefined) terms.lifetime = span;
  const start = starts === undefined ? undefined : parseStarts(starts, now);
  if (start !== undefined && 'wrong' in start) wrong.push({ key: 'starts', message: start.wrong });
  else if (start !== undefined) terms.starts = start.value;
  if (terms.starts !== undefined && span?.kind === 'once' && span.end < terms.starts.at)
    wrong.push({ key: 'starts', message: `${terms.starts.text} is after ${span.text}, when the entry has run out` });
  if (disposition !== undefined) {
    if (DISPOSITIONS_OF[action].includes(disposition)) terms.disposition = dispositionNumber(disposition);
    else wrong.push({ key: 'disposition', message: dispositionMessage(disposition, action) });
  }
  const words = { terms, ...(force !== undefined && { force }), ...(carveOut !== undefined && { carveOut }) };
  return { words, wrong };
}

function lifetimeOf(
  lifetime: string | undefined,
  expires: string | undefined,
  { now, bounds, runsOut }: Reader,
  wrong: WrongKey[],
): Lifetime | undefined {
  const [key, parsed] =
    expires !== undefined
      ? (['expires', parseExpires(expires, now, bounds)] as const)
      : lifetime !== undefined
        ? (['lifetime', parseLifetime(lifetime, bounds)] as const)
        : ([undefined, undefined] as const);
  if (parsed === undefined) return undefined;
  if ('value' in parsed) return runsOut ? onceOnly(parsed.value) : parsed.value;
  wrong.push({ key, message: parsed.wrong });
  return undefined;
}

/** As a list has it that says `renew: false`. */
export function onceOnly(lifetime: Lifetime): Lifetime {
  return lifetime.kind === 'renewed' ? { ...lifetime, kind: 'runs-out' } : lifetime;
}

/** A feed prints every judgement linked to it, whatever its disposition: a Clean one on a block list would be blocked. */
function dispositionMessage(disposition: DispositionName, action: ListAction): string {
  const allowed = DISPOSITIONS_OF[action].join(', ');
  return `${disposition} does not fit a list with action ${action}: expected is ${allowed} (a feed lists every entry, whatever its disposition)`;
}

/**
 * Terms with words laid over them. What says the same is the same object: a list of a million bare lines has one `Terms`,
 * and who compares two of them can begin with `===`.
 */
export function makeTermsPool(): (base: Terms, words: Partial<Terms>) => Terms {
  const pool = new Map<string, Terms>();
  return (base, words) => {
    if (Object.keys(words).length === 0) return base;
    const terms = { ...base, ...words };
    const key = JSON.stringify(Object.entries(terms).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = pool.get(key);
    if (known !== undefined) return known;
    pool.set(key, terms);
    return terms;
  };
}
