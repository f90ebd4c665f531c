import type { Entry } from '../ctim/entry.ts';
import type { Glance, Judgements } from './actual.ts';
import type { EntriesByHash } from './entries-by-hash.ts';

/** An entry, and what is held of its h. Good until the next one is asked for. */
export interface Met {
  readonly entry: Entry;
  /** The only judgement; where there are none or several, how many, and more than 1 is as good as another. */
  readonly held: Glance | number;
  readonly h: string;
}

/** What is wanted beside what is held. Where both are in columns no h is written out, unless somebody asks for it. */
export function* meet(desired: EntriesByHash, judgements: Judgements): Generator<Met> {
  const { columns } = desired;
  const { onDesk } = judgements;
  if (columns === undefined || onDesk === undefined) {
    for (const [h, entry] of desired) {
      const those = judgements.get(h) ?? [];
      yield { entry, h, held: those.length === 1 ? (those[0] ?? 0) : those.length };
    }
    return;
  }
  const { hashes, entries } = columns;
  let n = 0;
  let held: Met['held'] = 0;
  const met: Met = {
    get entry() {
      return entries[n] as Entry;
    },
    get held() {
      return held;
    },
    get h() {
      return hashes.hex(n);
    },
  };
  for (; n < entries.length; n++) {
    hashes.show(n);
    held = onDesk();
    yield met;
  }
}

/** Each h that is held and not wanted, and undefined for each other one, so that who asks may pause. */
export function* strangers(desired: EntriesByHash, judgements: Judgements): Generator<string | undefined> {
  const { columns } = desired;
  if (columns !== undefined && judgements.notAmong !== undefined) yield* judgements.notAmong(columns.hashes);
  else for (const h of judgements.keys()) yield desired.has(h) ? undefined : h;
}
