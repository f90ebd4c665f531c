import type { Entry } from '../ctim/entry.ts';
import type { Glance, Judgements, Meeting } from './actual.ts';
import type { EntriesByHash, EntryColumns } from './entries-by-hash.ts';

/** An entry, and what is held of its h. Good until the next one is asked for. */
export interface Met {
  readonly entry: Entry;
  /** The only judgement; where there are none or several, how many, and more than 1 is as good as another. */
  readonly held: Glance | number;
  readonly h: string;
}

/** What is wanted beside what is held; and each h that is held and not wanted, for who asks after he went through the former. */
export interface WantedAndHeld {
  readonly met: Iterable<Met>;
  readonly strangers: Iterable<string>;
}

/** Where both are in columns no h is written out, unless somebody asks for it. */
export function meet(desired: EntriesByHash, judgements: Judgements): WantedAndHeld {
  const { columns } = desired;
  const meeting = judgements.meeting?.();
  if (columns === undefined || meeting === undefined)
    return { met: lookedUp(desired, judgements), strangers: notAmong(desired, judgements) };
  return { met: askedFor(columns, meeting), strangers: meeting.notAsked() };
}

function* lookedUp(desired: EntriesByHash, judgements: Judgements): Generator<Met> {
  for (const [h, entry] of desired) {
    const those = judgements.get(h) ?? [];
    yield { entry, h, held: those.length === 1 ? (those[0] ?? 0) : those.length };
  }
}

function* notAmong(desired: EntriesByHash, judgements: Judgements): Generator<string> {
  for (const h of judgements.keys()) if (!desired.has(h)) yield h;
}

function* askedFor({ hashes, entries, numbers }: EntryColumns, meeting: Meeting): Generator<Met> {
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
      return hashes.hex(numbers[n] as number);
    },
  };
  for (; n < entries.length; n++) {
    hashes.show(numbers[n] as number);
    held = meeting.onDesk();
    yield met;
  }
}
