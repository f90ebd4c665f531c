import assert from 'node:assert/strict';
import { send } from '../embedded-ctia/plain-http.ts';
import { type Foreign, type Kept, textsOf } from './foreign.ts';
import { type ByHand, FEEDS, type Lists, runningOut, typeOf, type Wanted, wantedOf, withAddresses } from './lists.ts';
import type { World } from './world.ts';

/**
 * Who checks. It knows the lists of the story, the foreign documents, and what a firewall pulls; of the product it knows
 * nothing. What it holds the product to:
 *
 *   a value seen in its feed by a verified run, and desired ever since, is in every read of that feed
 *   a run that says *verified* is right: the feeds hold what is desired, what foreign links keep there, and nothing else
 *   foreign documents stay byte for byte
 *   of one entry at most one judgement is live; what is not foreign bears our mark
 */
export interface Auditor {
  /** The lists changed: what they do not want any more may go, at any time from now on. */
  wants(lists: Lists): void;
  /** The story itself may have taken these out of their feeds. */
  excuse(values: readonly string[]): void;
  addForeign(...foreign: Foreign[]): void;
  /** A foreign link keeps it in its feed from now on. */
  keeps(...kept: Kept[]): void;
  /** An entry names these judgements and their links: they are ours to write from now on, and the value stays where it is. */
  adopts(lists: Lists, feed: string, value: string, named: Named): void;
  /** Somebody deleted what lies at these paths, and with the links of others what they kept in these feeds. */
  forget(paths: ReadonlySet<string>, feeds: readonly string[]): void;
  /** Somebody gave what runs out another end: it has one more lifetime from the run on that sees it, at most. */
  madeEndless(value: string): void;
  /** Whoever added it by hand was told so: it is there, and stays until then. */
  promised(feed: string, value: string, until: number): Promise<void>;
  /** Nothing that stayed desired is absent. */
  look(when: string): Promise<void>;
  /** A run said so. `since` is when it began: what ran out during the run may be there or not. */
  verified(lists: Lists, since: number): Promise<void>;
  /** In no feed is a value that was not there `before`, unless the lists want it. */
  nothingNew(lists: Lists, before: Views, when: string): Promise<void>;
  views(): Promise<Views>;
  /** What entries name of others and is to be published is ours, or has ended. */
  adoptionsAreDone(lists: Lists): Promise<void>;
  foreignIsAsItWas(): Promise<void>;
  /** By `succession` what was made anew stands beside what it follows, until that lapses by itself. */
  noDuplicates(how?: { succession: boolean }): Promise<void>;
}

export type Views = ReadonlyMap<string, ReadonlySet<string>>;

/** Paths of judgements that others made and that an entry names, and of their links. */
export interface Named {
  readonly judgements: readonly string[];
  readonly links: readonly string[];
}

/** The server's clock and ours may be told apart by as much, when one of them goes ahead. */
const SLACK_MS = 2000;
const OURS = 'acme-owned';
/** The longest lifetime here, with what spreads the ends. */
const END_MS_MAX = 15 * 24 * 3_600_000;

export function makeAuditor(
  { colleague, now }: Pick<World, 'colleague' | 'now'>,
  { foreign, kept, byHand = [] }: { foreign: Foreign[]; kept: Kept[]; byHand?: readonly ByHand[] },
): Auditor {
  const must: Wanted = new Map();
  /** What runs out once: when it was first seen in its feed. */
  const seenAt = new Map<string, number>();
  const endless = new Set<string>();
  /** Judgements that entries named, by their path: ours from some run on. */
  const adopted = new Map<string, string>();
  const urls = new Map<string, string>();

  async function read(feed: string, again = false): Promise<ReadonlySet<string>> {
    if (again || !urls.has(feed)) {
      urls.clear();
      for (const it of (await colleague('GET', '/ctia/feed/search?limit=1000')).json) {
        const [named] = Object.entries(FEEDS).find(([, title]) => title === it.title) ?? [];
        // See OF_THE_PRODUCT.
        if (named !== undefined) urls.set(named, it.feed_view_url.replace('/feed/feed-', '/feed/feed%2D'));
      }
    }
    const url = urls.get(feed);
    if (url === undefined) return new Set();
    const response = await send(url, 'GET');
    // Somebody deleted it, and there may be another one; or its time is over, and a firewall gets nothing.
    if (response.status === 404) return again ? new Set() : read(feed, true);
    assert.equal(response.status, 200, `${feed}: its view answered ${response.status}`);
    const lines = response.text.split('\n').filter((line) => line !== '');
    return new Set(lines.flatMap(withAddresses));
  }

  async function views(): Promise<Views> {
    const found = new Map<string, ReadonlySet<string>>();
    for (const feed of Object.keys(FEEDS)) found.set(feed, await read(feed));
    return found;
  }

  function keptIn(feed: string, from: number, until: number): Set<string> {
    const there = kept.filter((it) => it.feed === feed && it.from <= from && until <= it.until);
    return new Set(there.flatMap(({ value }) => withAddresses(value)));
  }

  /** The product alone knows when it published it: a lifetime after it was seen it is gone. */
  function mayRunOut(lists: Lists, value: string): boolean {
    const lifetimeMs = runningOut(lists).get(value);
    if (lifetimeMs === undefined) return false;
    if (endless.delete(value)) seenAt.delete(value);
    const seen = seenAt.get(value) ?? now();
    seenAt.set(value, seen);
    return now() <= seen + lifetimeMs + SLACK_MS;
  }

  /** Named by an entry, and not taken over yet, or not any more to be. */
  async function keptByNamed(value: string): Promise<boolean> {
    for (const path of [...adopted].flatMap(([path, its]) => (its === value ? [path] : [])))
      if (await isForeignAndLive(path)) return true;
    return false;
  }

  async function isForeignAndLive(path: string): Promise<boolean> {
    const { status, json } = await colleague('GET', path);
    return status === 200 && !(json.external_ids ?? []).includes(OURS) && Date.parse(json.valid_time.end_time) > now();
  }

  return {
    views,
    wants(lists) {
      const wanted = wantedOf(lists, byHand, now());
      for (const [feed, values] of must) {
        for (const [value, until] of values) {
          const end = wanted.get(feed)?.get(value);
          if (end === undefined) values.delete(value);
          else values.set(value, Math.min(until, end));
        }
      }
    },
    excuse(values) {
      for (const those of must.values()) for (const value of values.flatMap(withAddresses)) those.delete(value);
    },
    addForeign: (...more) => foreign.push(...more),
    keeps: (...more) => kept.push(...more),
    adopts(lists, feed, value, { judgements, links }) {
      const paths = new Set([...judgements, ...links]);
      for (const path of judgements) adopted.set(path, value);
      const isKept = kept.some((it) => it.by !== undefined && paths.has(it.by));
      foreign.splice(0, foreign.length, ...foreign.filter(({ path }) => !paths.has(path)));
      kept.splice(0, kept.length, ...kept.filter(({ by }) => by === undefined || !paths.has(by)));
      const until = isKept ? wantedOf(lists, byHand, now()).get(feed)?.get(value) : undefined;
      if (until !== undefined) must.set(feed, new Map([...(must.get(feed) ?? []), [value, until]]));
    },
    forget(paths, feeds) {
      foreign.splice(0, foreign.length, ...foreign.filter(({ path }) => !paths.has(path)));
      kept.splice(0, kept.length, ...kept.filter(({ feed }) => !feeds.includes(feed)));
    },
    madeEndless(value) {
      endless.add(value);
    },
    async promised(feed, value, until) {
      assert.ok((await read(feed)).has(value), `said to be in ${feed}, and it is not: ${value}`);
      must.set(feed, new Map([...(must.get(feed) ?? []), [value, until]]));
    },
    async look(when) {
      for (const [feed, values] of must) {
        if (values.size === 0) continue;
        const shown = await read(feed);
        const absent = [...values].filter(([value, until]) => now() < until - SLACK_MS && !shown.has(value));
        assert.deepEqual(absent, [], `${when}: absent from ${feed}, though desired all the time`);
      }
    },
    async verified(lists, since) {
      const before = wantedOf(lists, byHand, since - SLACK_MS);
      for (const [feed, wanted] of wantedOf(lists, byHand, now() + SLACK_MS)) {
        const shown = await read(feed);
        const earlier = before.get(feed) ?? new Map();
        // What an allow entry stopped protecting during the run may be blocked again or not.
        const all = new Map([...wanted].filter(([value]) => earlier.has(value)));
        const missing = [...all.keys()].filter((value) => !shown.has(value));
        assert.deepEqual(missing, [], `verified, and ${feed} does not hold it`);
        const may = new Set([...wanted.keys(), ...earlier.keys(), ...keptIn(feed, now() + SLACK_MS, since - SLACK_MS)]);
        const others = [...shown].filter((value) => !may.has(value) && !mayRunOut(lists, value));
        const extra: string[] = [];
        for (const value of others) if (!(await keptByNamed(value))) extra.push(value);
        assert.deepEqual(extra, [], `verified, and nobody wants it in ${feed}`);
        for (const value of keptIn(feed, since, now() + SLACK_MS))
          assert.ok(shown.has(value), `a foreign link keeps ${value} in ${feed}, and it is gone`);
        must.set(feed, all);
        for (const value of shown) mayRunOut(lists, value);
      }
    },
    async nothingNew(lists, before, when) {
      for (const [feed, values] of wantedOf(lists, byHand, now() - SLACK_MS)) {
        const may = new Set([...values.keys(), ...(before.get(feed) ?? []), ...keptIn(feed, now(), now())]);
        const come = [...(await read(feed))].filter((value) => !may.has(value));
        assert.deepEqual(come, [], `${when}: in ${feed} again, though the lists do not want it any more`);
      }
    },
    async adoptionsAreDone(lists) {
      const allowed = byHand.filter(({ action }) => action === 'allow');
      const wanted = wantedOf(lists, allowed, now());
      for (const { channel, entries } of lists.values()) {
        for (const [value, { adopt }] of entries) {
          if (adopt === undefined || !wanted.get(`${channel}/${typeOf(value)}`)?.has(value)) continue;
          for (const [path] of [...adopted].filter(([path]) => adopt.includes(path.slice(path.lastIndexOf('/') + 1))))
            assert.ok(
              !(await isForeignAndLive(path)),
              `an entry names ${path} on ${value}, and it is as others made it`,
            );
        }
      }
    },
    async foreignIsAsItWas() {
      const now = await textsOf(foreign);
      for (const { what, path, text } of foreign)
        assert.equal(now.get(path), text, `foreign, and another than it was: ${what}`);
    },
    async noDuplicates({ succession } = { succession: false }) {
      const theirs = new Set(foreign.map(({ path }) => path));
      const { json } = await colleague('GET', '/ctia/judgement/search?limit=10000&sort_by=id');
      const entries = new Map<string, string[]>();
      for (const { id, external_ids: ids = [], valid_time: times, observable } of json) {
        const { pathname } = new URL(id);
        if (theirs.has(pathname)) continue;
        if (!ids.includes(OURS) && adopted.has(pathname)) continue;
        assert.ok(ids.includes(OURS), `${observable.value}: ${id} is nobody's, and we must have made it`);
        assert.ok(Date.parse(times.end_time) < now() + END_MS_MAX, `${observable.value}: ${id} ends ${times.end_time}`);
        const entry = `${observable.value} ${ids.find((it: string) => it.startsWith('acme-entry-'))}`;
        if (Date.parse(times.end_time) < now()) continue;
        const [g] = ids.filter((it: string) => it.startsWith('acme-judgement-')).map(generationOf);
        entries.set(entry, [...(entries.get(entry) ?? []), `${g} until ${times.end_time}`]);
      }
      const isRight = (those: string[]) => those.length === 1 || (succession && followEachOther(those));
      assert.deepEqual(
        [...entries].filter(([, those]) => !isRight(those)),
        [],
        'live more than once',
      );
    },
  };
}

function generationOf(externalId: string): string {
  return externalId.slice(externalId.lastIndexOf('-') + 1).padStart(6, '0');
}

/** One is the latest, and none before it ends later: what is there twice of those lapses by itself too. */
function followEachOther(those: readonly string[]): boolean {
  const sorted = [...those].sort().map((it) => it.split(' until '));
  const isAlone = sorted.at(-1)?.[0] !== sorted.at(-2)?.[0];
  return isAlone && sorted.every(([, end = ''], n) => n === 0 || end >= (sorted[n - 1]?.[1] ?? ''));
}
