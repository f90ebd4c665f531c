import type { ExternalReference, Tlp } from '../ctim/judgement.ts';
import type { ObservableType } from '../ctim/observable.ts';
import type { ActualJudgement, ActualLink, JudgementWords } from '../plan/actual.ts';
import type { EntryRecord } from '../plan/learned.ts';
import type { Interner } from '../reconcile/actual.ts';
import { type FeedEntities, withoutSecrets } from '../reconcile/feeds.ts';

/** Of another format than this a ledger is not read but written anew: raise it with any change of what stands below. */
export const LEDGER_FORMAT = 3;

type PackedLink = [id: string, g: number, target: string, tlp: Tlp];
type PackedJudgement = [
  id: string,
  g: number,
  type: ObservableType,
  value: string,
  words: JudgementWords,
  start: number,
  end: number,
  once: 0 | 1,
  lifetimeMs: number | null,
  references: ExternalReference[],
  links: PackedLink[],
];

/** The h is the key that it stands under. Nothing held has no text: the key is removed. */
export function packRecord({ judgements, dangling }: EntryRecord): string {
  if (judgements.length === 0 && dangling.length === 0) return '';
  return JSON.stringify([judgements.map(packJudgement), dangling.map(packLink)]);
}

export function unpackRecord(h: string, text: string, shared: Interner = (value) => value): EntryRecord {
  const [judgements, dangling] = JSON.parse(text) as [PackedJudgement[], PackedLink[]];
  return {
    judgements: judgements.map((packed) => unpackJudgement(h, packed, shared)),
    dangling: dangling.map((link) => unpackLink(link, shared)),
  };
}

/** A feed's URL without its secret: whoever can read Redis may not read feeds. */
export function packEntities(entities: FeedEntities): string {
  return JSON.stringify(withoutSecrets(entities));
}

export function unpackEntities(text: string): FeedEntities {
  return JSON.parse(text) as FeedEntities;
}

function packJudgement(it: ActualJudgement): PackedJudgement {
  const { id, g, observable, words, start, end, once, lifetimeMs, references, links } = it;
  const { type, value } = observable;
  return [id, g, type, value, words, start, end, once ? 1 : 0, lifetimeMs ?? null, references, links.map(packLink)];
}

function unpackJudgement(
  h: string,
  [id, g, type, value, words, start, end, once, lifetimeMs, references, links]: PackedJudgement,
  shared: Interner,
): ActualJudgement {
  return {
    id,
    h,
    g,
    observable: { type, value },
    words: shared(words),
    start,
    end,
    once: once === 1,
    lifetimeMs: lifetimeMs ?? undefined,
    references,
    links: links.map((link) => unpackLink(link, shared)),
  };
}

function packLink({ id, g, target, tlp }: ActualLink): PackedLink {
  return [id, g, target, tlp];
}

function unpackLink([id, g, target, tlp]: PackedLink, shared: Interner): ActualLink {
  return { id, g, target: shared(target), tlp };
}
