import { createHash } from 'node:crypto';
import type { SourceCounts } from '../lists/source-survey.ts';
import type { Validators } from './download.ts';

/**
 * What we have of a remote list: the last good copy, what became of the pulls since, and the answers that were not
 * believed. A source is known by its name (of a list, or of a guard's table); where it is kept, and who shares it, is
 * the store's matter.
 */
export interface SourceFacts {
  /** Absent: there never was a good answer. */
  readonly copy?: CopyFacts;
  /** Pulls that failed or were not believed, since the last good one. */
  readonly failures: number;
  readonly error?: SourceError;
  /** Before this nothing is asked, unless by hand. */
  readonly nextPullAt: number;
  /** Newest first. */
  readonly quarantined: readonly Quarantined[];
}

export interface CopyFacts {
  readonly digest: string;
  readonly bytes: number;
  /** When it was last seen to be what the source says. */
  readonly fetchedAt: number;
  /** When its text last was another. */
  readonly changedAt: number;
  readonly validators: Validators;
  readonly counts: SourceCounts;
  /** The digest of the address it came from; absent where that never changes. */
  readonly source?: string;
  /** Of the change that made it, in values; absent for the first copy. */
  readonly churn?: Churn;
}

export interface Churn {
  readonly added: number;
  readonly removed: number;
}

export interface SourceError {
  readonly at: number;
  /** The digest of the address that was asked; absent where that never changes. */
  readonly source?: string;
  readonly kind: string;
  readonly message: string;
}

export interface Quarantined extends SourceError {
  readonly digest: string;
  readonly bytes: number;
  readonly validators: Validators;
  /** False: too large to be kept whole, so it can be looked at and not be accepted. */
  readonly whole: boolean;
}

/** Texts by key, on disk or in Redis. `set` is whole or not at all; a key has letters, digits, dots, hyphens and slashes. */
export interface TextStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface NewCopy extends Omit<CopyFacts, 'digest' | 'bytes' | 'changedAt'> {
  readonly text: string;
}

export interface LastGood {
  facts(name: string): Promise<SourceFacts>;
  /** The last good copy, facts and text of the same moment. `known`: a text that the caller has already. */
  copy(name: string, known?: { digest: string; text: string }): Promise<{ facts: CopyFacts; text: string } | undefined>;
  keep(name: string, copy: NewCopy, nextPullAt: number): Promise<SourceFacts>;
  /** The source says that the copy is what there is. */
  confirm(name: string, at: number, nextPullAt: number): Promise<SourceFacts>;
  fail(name: string, error: SourceError, nextPullAt: number): Promise<SourceFacts>;
  quarantine(
    name: string,
    answer: { text: string; validators: Validators },
    error: SourceError,
    nextPullAt: number,
  ): Promise<SourceFacts>;
  quarantinedText(name: string, digest: string): Promise<string | undefined>;
}

/** What was not believed is kept to be looked at: the newest few, and of each no more than this. */
const QUARANTINED_MAX = 3;
export const QUARANTINED_CHARS_MAX = 8 * 1024 * 1024;

const NONE: SourceFacts = { failures: 0, nextPullAt: 0, quarantined: [] };

/**
 * A text is kept under its digest and the facts name the digest, so that who reads sees one copy or the other, never
 * half of each; what no facts name any more is removed last.
 */
export function makeLastGood(store: TextStore): LastGood {
  const factsKey = (name: string) => `${folderOf(name)}/facts.json`;
  const textKey = (name: string, digest: string) => `${folderOf(name)}/${digest}`;

  const facts = async (name: string): Promise<SourceFacts> => {
    const text = await store.get(factsKey(name));
    return text === undefined ? NONE : (JSON.parse(text) as SourceFacts);
  };
  const write = async (name: string, before: SourceFacts, after: SourceFacts): Promise<SourceFacts> => {
    await store.set(factsKey(name), JSON.stringify(after));
    const kept = digestsIn(after);
    for (const digest of digestsIn(before)) if (!kept.has(digest)) await store.remove(textKey(name, digest));
    return after;
  };

  return {
    facts,
    async copy(name, known) {
      // Another worker may have put a new copy in its place between the two reads.
      for (let looks = 0; looks < 3; looks++) {
        const { copy } = await facts(name);
        if (copy === undefined) return undefined;
        const text = known?.digest === copy.digest ? known.text : await store.get(textKey(name, copy.digest));
        if (text !== undefined) return { facts: copy, text };
      }
      return undefined;
    },
    async keep(name, { text, ...said }, nextPullAt) {
      const before = await facts(name);
      const digest = digestOf(text);
      const isSame = before.copy?.digest === digest;
      if (!isSame) await store.set(textKey(name, digest), text);
      const changedAt = isSame && before.copy ? before.copy.changedAt : said.fetchedAt;
      const churn = isSame ? before.copy?.churn : said.churn;
      const { churn: _, ...rest } = said;
      const copy = { ...rest, digest, bytes: Buffer.byteLength(text), changedAt, ...(churn && { churn }) };
      return write(name, before, { copy, failures: 0, nextPullAt, quarantined: [] });
    },
    async confirm(name, at, nextPullAt) {
      const before = await facts(name);
      const copy = before.copy && { ...before.copy, fetchedAt: at };
      return write(name, before, { ...(copy && { copy }), failures: 0, nextPullAt, quarantined: [] });
    },
    async fail(name, error, nextPullAt) {
      const before = await facts(name);
      return write(name, before, { ...before, failures: before.failures + 1, error, nextPullAt });
    },
    async quarantine(name, { text, validators }, error, nextPullAt) {
      const before = await facts(name);
      const whole = text.length <= QUARANTINED_CHARS_MAX;
      const kept = whole ? text : text.slice(0, QUARANTINED_CHARS_MAX);
      // Of what is kept: the copy itself may come again, and be refused for what else is there.
      const digest = `quarantined-${digestOf(kept)}`;
      await store.set(textKey(name, digest), kept);
      const newest = { ...error, digest, bytes: Buffer.byteLength(text), validators, whole };
      const others = before.quarantined.filter((other) => other.digest !== digest);
      const quarantined = [newest, ...others].slice(0, QUARANTINED_MAX);
      return write(name, before, { ...before, failures: before.failures + 1, error, nextPullAt, quarantined });
    },
    quarantinedText: (name, digest) => store.get(textKey(name, digest)),
  };
}

function digestsIn({ copy, quarantined }: SourceFacts): Set<string> {
  return new Set([...(copy ? [copy.digest] : []), ...quarantined.map(({ digest }) => digest)]);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

const SHOWN_MAX = 60;

/** Names have any letters and case; a folder of this is the same on every disk, and tells a person whose it is. */
function folderOf(name: string): string {
  const shown = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SHOWN_MAX);
  return `${shown}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
