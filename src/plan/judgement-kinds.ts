import type { ExternalReference, Tlp } from '../ctim/judgement.ts';
import type { ObservableType } from '../ctim/observable.ts';
import type { ActualJudgement, ActualLink, JudgementWords } from './actual.ts';

/** All that judgements of one list have in common: a hundred thousand say the same words and are linked to one indicator. */
export interface Kind {
  readonly type: ObservableType;
  readonly words: JudgementWords;
  readonly once: boolean;
  readonly lifetimeMs: number | undefined;
  readonly references: References;
  /** What stands before the uuid in its id, and in that of its link. */
  readonly id: string;
  readonly linkId: string;
  /** Its only link, without what is the link's own. */
  readonly links: readonly [Pick<ActualLink, 'target' | 'tlp'>];
}

/** References as they are, the line at the end of the first one's `<commit>:<file>:<line>` left out where there is one. */
export interface References {
  readonly all: readonly ExternalReference[];
  readonly untilLine: string | undefined;
}

export interface Kinds {
  /** A number for what a judgement of one link says; equal ones get the same. */
  add(
    judgement: ActualJudgement,
    link: ActualLink,
    texts: Pick<Kind, 'id' | 'linkId'>,
    untilLine: string | undefined,
  ): number;
  at(number: number): Kind;
}

export function makeKinds(): Kinds {
  const kinds: Kind[] = [];
  const known = new Map<string, number>();
  const words = makeNumbered<JudgementWords>();
  const references = makeNumbered<References>();
  const texts = makeNumbered<string>();
  return {
    add(judgement, link, { id, linkId }, untilLine) {
      const { once, lifetimeMs, observable } = judgement;
      const said = words.of(judgement.words);
      const referred = references.of({ all: withoutLine(judgement.references, untilLine), untilLine });
      const key = `${observable.type} ${said} ${once ? 1 : 0} ${lifetimeMs} ${referred} ${texts.of(id)} ${texts.of(linkId)} ${texts.of(link.target)} ${link.tlp}`;
      const number = known.get(key);
      if (number !== undefined) return number;
      known.set(key, kinds.length);
      return (
        kinds.push({
          type: observable.type,
          words: words.at(said),
          once,
          lifetimeMs,
          references: references.at(referred),
          id,
          linkId,
          links: [{ target: link.target, tlp: link.tlp satisfies Tlp }],
        }) - 1
      );
    },
    at: (number) => kinds[number] as Kind,
  };
}

const LINE = /^(.*:)([1-9][0-9]{0,8})$/s;

/** The two parts of `<commit>:<file>:<line>`. */
export function splitLine(references: readonly ExternalReference[]): { untilLine: string | undefined; line: number } {
  const [, untilLine, line] = LINE.exec(references[0]?.external_id ?? '') ?? [];
  return { untilLine, line: Number(line ?? 0) };
}

export function withLine({ all, untilLine }: References, line: number): ExternalReference[] {
  const [first, ...more] = all.map((it) => ({ ...it }));
  if (first === undefined) return [];
  return untilLine === undefined ? [first, ...more] : [{ ...first, external_id: untilLine + line }, ...more];
}

/** In its place, so that the fields stay in their order. */
function withoutLine(all: readonly ExternalReference[], untilLine: string | undefined): readonly ExternalReference[] {
  const [first, ...more] = all;
  return first === undefined || untilLine === undefined ? all : [{ ...first, external_id: '' }, ...more];
}

/** Of what is equal one, with a number. */
function makeNumbered<T>() {
  const items: T[] = [];
  const known = new Map<string, number>();
  let latest: { item: T; number: number } | undefined;
  return {
    of(item: T): number {
      // Who fills in a ledger shares them already.
      if (latest?.item === item) return latest.number;
      const key = typeof item === 'string' ? item : JSON.stringify(item);
      const number = known.get(key) ?? items.push(item) - 1;
      known.set(key, number);
      latest = { item, number };
      return number;
    },
    at: (number: number) => items[number] as T,
  };
}
