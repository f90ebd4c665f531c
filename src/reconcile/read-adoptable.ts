import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import type { StoredJudgement, StoredRelationship } from '../ctia/stored.ts';
import type { Entry } from '../ctim/entry.ts';
import { entryHash, generationOf } from '../ctim/external-id.ts';
import { feedKey, LINK_TYPE } from '../ctim/feed.ts';
import { sameObservable } from '../ctim/observable.ts';
import { shortId } from '../ctim/short-id.ts';
import { normalise } from '../lists/normalise.ts';
import { isLive, timesOf } from '../plan/actual.ts';
import type { ForeignJudgement } from '../plan/adopt.ts';
import type { Situation } from '../plan/changes.ts';
import { wordsOf } from '../plan/documents.ts';
import { HOUR } from '../runtime/clock.ts';
import { isOurs, type Self } from './actual.ts';

export interface Adoptable {
  /** By h. */
  readonly adoptable: ReadonlyMap<string, readonly ForeignJudgement[]>;
  /** What is named and cannot be taken over, of entries that are made anew for that. */
  readonly notices: readonly string[];
}

const IDS_PER_READ = 100;
/** A token without bulk rights reads one by one, within a share of the hour; which ones turns with the hour. */
const ONE_BY_ONE_MAX = 100;
/** Above this many the links of a whole indicator cost fewer requests than those of each judgement. */
const LINKS_EACH_MAX = 10;
const NOTICES_MAX = 20;

interface Named {
  readonly h: string;
  readonly entry: Entry;
  readonly id: string;
}

/** Reads what entries name with `adopt:` and is not ours yet. Where none does, nothing is asked. */
export async function readAdoptable(client: CtiaClient, self: Self, situation: Situation): Promise<Adoptable> {
  const named = stillForeign(situation);
  if (named.length === 0) return { adoptable: new Map(), notices: [] };
  const turn = situation.succession ? turnOf(named, situation.now) : named;
  const { found, asked } = await readEach(client, turn);
  const links = await readLinks(client, situation, [...found.values()], turn);
  const adoptable = new Map<string, ForeignJudgement[]>();
  const notices: string[] = [];
  for (const { h, entry, id } of asked) {
    const stored = found.get(id);
    const why = stored === undefined ? 'is gone, or not ours to read' : whyNot(self, stored, entry, situation.now);
    const { file, line } = entry.position;
    if (stored !== undefined && why === undefined) {
      const foreign = foreignJudgement(self, stored, links.get(stored.id) ?? [], h, targetOf(situation, entry));
      adoptable.set(h, [...(adoptable.get(h) ?? []), foreign]);
    } else if (!livesAlready(situation, h))
      notices.push(`${file}:${line} adopt: ${id} ${why}: the entry gets a judgement of its own`);
  }
  const more = notices.length - NOTICES_MAX;
  return {
    adoptable,
    notices: more > 0 ? [...notices.slice(0, NOTICES_MAX), `${more} more cannot be adopted`] : notices,
  };
}

/** What is ours by now, dead or alive, has been taken over. */
function stillForeign({ desired, actual }: Situation): Named[] {
  const named: Named[] = [];
  // By the entries: to write the h of each of a million out costs more than to find those that adopt.
  for (const entry of desired.values()) {
    if (entry.adopt === undefined) continue;
    const h = entryHash(entry.channel, entry.list, entry.observable);
    const ours = new Set((actual.judgements.get(h) ?? []).map(({ id }) => shortId(id)));
    for (const id of entry.adopt) if (!ours.has(id)) named.push({ h, entry, id });
  }
  return named;
}

function turnOf(named: readonly Named[], now: number): readonly Named[] {
  const turns = Math.ceil(named.length / ONE_BY_ONE_MAX);
  const from = (Math.floor(now / HOUR) % turns) * ONE_BY_ONE_MAX;
  return named.slice(from, from + ONE_BY_ONE_MAX);
}

/** By short id. What could not be asked any more is not known, and neither taken over nor told of. */
async function readEach(
  client: CtiaClient,
  named: readonly Named[],
): Promise<{ found: ReadonlyMap<string, StoredJudgement>; asked: readonly Named[] }> {
  const found = new Map<string, StoredJudgement>();
  for (let at = 0; at < named.length; at += IDS_PER_READ) {
    const some = named.slice(at, at + IDS_PER_READ);
    const longIds = some.map(({ id }) => `${client.ctiaUrl}/ctia/judgement/${id}`);
    try {
      for (const stored of await client.judgementsById(longIds)) found.set(shortId(stored.id), stored);
    } catch (error) {
      if (!isCtiaError(error, 'throttled')) throw error;
      return { found, asked: named.slice(0, at) };
    }
  }
  return { found, asked: named };
}

async function readLinks(
  client: CtiaClient,
  situation: Situation,
  judgements: readonly StoredJudgement[],
  named: readonly Named[],
): Promise<ReadonlyMap<string, readonly StoredRelationship[]>> {
  const links = new Map<string, StoredRelationship[]>();
  const take = (those: readonly StoredRelationship[]) => {
    for (const link of those) links.set(link.source_ref, [...(links.get(link.source_ref) ?? []), link]);
  };
  if (judgements.length <= LINKS_EACH_MAX) {
    for (const { id } of judgements) take(await client.allLinksFrom(id));
    return links;
  }
  const wanted = new Set(judgements.map(({ id }) => id));
  for (const target of new Set(named.map(({ entry }) => targetOf(situation, entry)))) {
    if (target !== undefined) take((await client.allLinksTo(target)).filter((it) => wanted.has(it.source_ref)));
  }
  return links;
}

function whyNot(self: Self, stored: StoredJudgement, { observable }: Entry, now: number): string | undefined {
  if (isOurs(self, stored)) return 'is ours already, of another entry';
  if (!stored.groups.includes(self.organisation)) return 'belongs to another organisation';
  const said = normalise(stored.observable.value);
  const same =
    stored.observable.type === observable.type && 'observable' in said && sameObservable(said.observable, observable);
  if (!same) return `stands on ${stored.observable.type} ${JSON.stringify(stored.observable.value)}`;
  return isLive(timesOf(stored), now) ? undefined : 'is not valid now';
}

function foreignJudgement(
  self: Self,
  stored: StoredJudgement,
  links: readonly StoredRelationship[],
  h: string,
  target: string | undefined,
): ForeignJudgement {
  const right = links.filter(
    (link) =>
      link.target_ref === target && link.relationship_type === LINK_TYPE && link.groups.includes(self.organisation),
  );
  return {
    id: stored.id,
    words: wordsOf(stored),
    externalIds: stored.externalIds,
    references: stored.external_references,
    ...timesOf(stored),
    links: right.map((link) => {
      const generation = isOurs(self, link) ? generationOf(self.owner, 'link', link.externalIds) : undefined;
      const g = generation?.h === h ? generation.g : undefined;
      return { id: link.id, target: link.target_ref, tlp: link.tlp, g };
    }),
  };
}

function livesAlready({ actual, now }: Situation, h: string): boolean {
  return (actual.judgements.get(h) ?? []).some((stored) => isLive(stored, now));
}

function targetOf({ indicators }: Situation, { channel, observable }: Entry): string | undefined {
  return indicators.get(feedKey({ channel, type: observable.type }));
}
