import type { NewBundle } from '../ctia/client.ts';
import { type CtiaError, isCtiaError } from '../ctia/error.ts';
import type { ImportResults } from '../ctia/results.ts';
import { REFRESH_MS } from '../ctia/retry.ts';
import type { StoredJudgement, StoredRelationship } from '../ctia/stored.ts';
import type { Entry } from '../ctim/entry.ts';
import { entryId, type Generation, importPrefixes, judgementIds } from '../ctim/external-id.ts';
import { LINK_TYPE } from '../ctim/feed.ts';
import type { JudgementDocument, Tlp } from '../ctim/judgement.ts';
import { type ActualJudgement, isDead, isLive, timesOf } from '../plan/actual.ts';
import { type Kept, type Moment, newJudgement, newLink, saySame } from '../plan/documents.ts';
import { mustEnd, nextOf } from '../plan/succession.ts';
import { actualJudgement, isOurs, judgementSaid } from './actual.ts';
import type { ApplyContext } from './apply.ts';
import { expireEach } from './one-by-one.ts';
import { type Failure, type Outcome, together } from './outcome.ts';
import { invalidPositions, judgementsPut, type Fate as PutFate, parts, putDocuments } from './put-documents.ts';

/** A judgement and its link, imported together. Generations differ where only the link is new. */
export interface Pair {
  readonly entry: Entry;
  readonly judgement: Generation;
  readonly link: Generation;
  readonly target: string;
  /** Of what is stored: what no list says, and what goes on as it was. */
  readonly kept?: Kept;
  /** What it takes the place of: ended once this one is known live, if it would outlive it. */
  readonly predecessors?: readonly ActualJudgement[];
}

const ROUNDS_MAX = 4;

interface Ids {
  readonly judgement: string;
  readonly link: string;
  /** Of a link that was there before; a new one says what its entry says. */
  readonly linkTlp?: Tlp;
}

/** What became of one pair in one round. */
type Fate =
  | { readonly is: 'done'; readonly pair: Pair; readonly judgement: JudgementDocument; readonly ids: Ids }
  | { readonly is: 'again'; readonly pair: Pair; readonly why: string }
  | { readonly is: 'look'; readonly pair: Pair; readonly judgementId: string; readonly linkId: string }
  | { readonly is: 'failed'; readonly failure: Failure };

/**
 * Imports pairs until each is known live in its feed or known to fail.
 *
 *   judgement    link       | it means                                  | we
 *   -------------+----------+-------------------------------------------+----------------------------
 *   created      created    | written                                   | done
 *   exists       created    | the judgement was there                   | look at it
 *   exists       exists     | an earlier request made both              | look at both
 *   created      error      | live, but in no feed                      | the same pair again
 *   error        –          | CTIA refuses the entry's words            | a failure of that entry
 *                           | or its store failed                       | the same pair again
 *   no result    –          | unknown                                   | after the refresh, the same pair again
 */
export async function importPairs(context: ApplyContext, pairs: readonly Pair[]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  let waiting = pairs;
  for (let round = 1; waiting.length > 0; round += 1) {
    const fates: Fate[] = [];
    for (const part of parts(waiting, Math.floor(context.entitiesMax / 2)))
      fates.push(...(await importOnce(context, part)));
    const settled = await settle(context, fates, round === 1);
    if (round === 1) {
      // Later ones may have been stored in part before.
      for (const fate of fates) if (fate.is === 'failed') context.learned.push({ h: fate.failure.h, unchanged: true });
    }
    outcomes.push(settled.outcome);
    waiting = settled.again.map(({ pair }) => pair);
    if (waiting.length > 0 && round === ROUNDS_MAX) {
      outcomes.push({
        applied: 0,
        notices: [],
        failures: settled.again.map(({ pair, why }) => failure(pair, 'unknown', why)),
      });
      break;
    }
    if (waiting.length > 0) await context.clock.sleep(REFRESH_MS, context.signal);
  }
  return together(outcomes);
}

async function importOnce(context: ApplyContext, pairs: readonly Pair[]): Promise<Fate[]> {
  const { client } = context;
  const moment = context.moment();
  try {
    const bundle = bundleOf(moment, pairs);
    return fatesOf(pairs, bundle, await client.importBundle(bundle, importPrefixes(moment.owner)));
  } catch (error) {
    if (isCtiaError(error, 'too-many') && error.facts.entitiesMax !== undefined && pairs.length > 1) {
      context.learnEntitiesMax(error.facts.entitiesMax);
      const fates: Fate[] = [];
      for (const part of parts(pairs, Math.max(1, Math.floor(error.facts.entitiesMax / 2)))) {
        fates.push(...(await importOnce(context, part)));
      }
      return fates;
    }
    if (isCtiaError(error, 'invalid')) return withoutInvalid(context, pairs, error);
    throw error;
  }
}

function bundleOf(moment: Moment, pairs: readonly Pair[]): NewBundle {
  return {
    type: 'bundle',
    source: moment.owner,
    judgements: pairs.map(({ entry, judgement, kept }, n) => ({
      id: `transient:j${n}`,
      ...newJudgement(moment, entry, judgement, kept),
    })),
    relationships: pairs.map(({ entry, link, target }, n) => ({
      id: `transient:l${n}`,
      ...newLink(moment.owner, link, `transient:j${n}`, target, entry.terms.tlp),
    })),
  };
}

function fatesOf(pairs: readonly Pair[], bundle: NewBundle, results: ImportResults): Fate[] {
  return pairs.map((pair, n): Fate => {
    const judgement = results.get(`transient:j${n}`);
    const link = results.get(`transient:l${n}`);
    if (judgement === undefined) return { is: 'again', pair, why: 'CTIA gave no result for it' };
    if (judgement.result === 'error' && judgement.by === 'store')
      return { is: 'again', pair, why: `CTIA could not store it: ${judgement.message}` };
    if (judgement.result === 'error') return { is: 'failed', failure: failure(pair, 'entry', judgement.message) };
    if (link === undefined) return { is: 'again', pair, why: 'CTIA gave no result for its link' };
    if (link.result === 'error')
      return { is: 'again', pair, why: `it is in no feed, its link failed: ${link.message}` };
    const sent = bundle.judgements[n];
    if (sent && judgement.result === 'created' && link.result === 'created')
      return { is: 'done', pair, judgement: sent, ids: { judgement: judgement.id, link: link.id } };
    return { is: 'look', pair, judgementId: judgement.id, linkId: link.id };
  });
}

/** A schema error rejects the whole request and nothing was written: its positions name the entries, the rest goes once more. */
async function withoutInvalid(context: ApplyContext, pairs: readonly Pair[], error: CtiaError): Promise<Fate[]> {
  const bad = new Map([...invalidPositions(error, 'relationships'), ...invalidPositions(error, 'judgements')]);
  if (bad.size === 0) throw error;
  const fates: Fate[] = [];
  const good: Pair[] = [];
  pairs.forEach((pair, n) => {
    const why = bad.get(n);
    if (why === undefined) good.push(pair);
    else fates.push({ is: 'failed', failure: failure(pair, 'entry', why) });
  });
  return good.length === 0 ? fates : [...fates, ...(await importOnce(context, good))];
}

/** `exists` is a question, not a success: what exists may be dead, say other words, or dangle. */
async function settle(
  context: ApplyContext,
  fates: readonly Fate[],
  /** What exists later on may be what the first round made. */
  isFirst: boolean,
): Promise<{ outcome: Outcome; again: { pair: Pair; why: string }[] }> {
  const again: { pair: Pair; why: string }[] = [];
  const failures: Failure[] = [];
  const repairs: Repair[] = [];
  const live: Live[] = [];
  const looks = fates.filter((fate) => fate.is === 'look');
  const judgements = new Map(
    (await context.client.judgementsById(looks.map((it) => it.judgementId))).map((it) => [it.id, it]),
  );
  const links = new Map((await context.client.linksById(looks.map((it) => it.linkId))).map((it) => [it.id, it]));

  for (const fate of fates) {
    if (fate.is === 'done') {
      live.push({ ...fate, document: fate.judgement });
    } else if (fate.is === 'failed') failures.push(fate.failure);
    else if (fate.is === 'again') again.push(fate);
    else {
      const { pair } = fate;
      const judgement = judgements.get(fate.judgementId);
      const link = links.get(fate.linkId);
      if (judgement === undefined) again.push({ pair, why: 'what CTIA said exists cannot be read' });
      else if (!isOurs(context.self, judgement))
        again.push({ pair: next(pair, 'judgement'), why: 'its external id is taken by a foreign judgement' });
      else if (link?.source_ref !== judgement.id || link.target_ref !== pair.target || !isElementOf(link)) {
        again.push({ pair: next(pair, 'link'), why: 'an old link of this id leads elsewhere' });
      } else if (needsRewrite(context.moment(), pair, judgement)) repairs.push({ pair, stored: judgement, link });
      else {
        const stands = { ...judgement, external_ids: judgement.externalIds };
        live.push({ pair, document: stands, ids: { judgement: judgement.id, link: link.id, linkTlp: link.tlp } });
      }
    }
  }
  const repaired = await repair(context, repairs);
  live.push(...repaired.live);
  again.push(...repaired.again);
  for (const { pair, document, ids } of live)
    knowPair(context, pair, document, ids, isFirst && ids.linkTlp !== undefined);
  const ended = await endPredecessors(context, live);
  const settled: Outcome = { applied: live.length, failures, notices: [] };
  return { outcome: together([settled, { ...ended, applied: 0 }]), again };
}

/** What exists and is not as its list wants it. */
interface Repair {
  readonly pair: Pair;
  readonly stored: StoredJudgement;
  readonly link: StoredRelationship;
}

interface Live {
  readonly pair: Pair;
  readonly document: Parameters<typeof judgementSaid>[2];
  readonly ids: Ids;
}

/**
 * In place; by succession where the token may not, or where CTIA takes no other document for that judgement. What is read
 * back as not written goes through the same once more.
 */
async function repair(
  context: ApplyContext,
  repairs: readonly Repair[],
): Promise<{ live: Live[]; again: { pair: Pair; why: string }[] }> {
  const live: Live[] = [];
  const again: { pair: Pair; why: string }[] = [];
  if (repairs.length === 0) return { live, again };
  const documents = repairs.map(({ pair, stored }) => rewrittenPair(context.moment(), pair, stored));
  const fates = await putUnlessClosed(context, documents);
  for (const [n, { pair, stored, link }] of repairs.entries()) {
    const document = documents[n];
    const fate = fates?.get(stored.id) ?? 'unknown';
    if (document && fate === 'done')
      live.push({ pair, document, ids: { judgement: stored.id, link: link.id, linkTlp: link.tlp } });
    else if (fates === undefined || typeof fate === 'object') {
      const successor = await successorTo(context, pair, stored);
      again.push({
        pair: successor,
        why: typeof fate === 'object' ? fate.refused : 'its predecessor could not be read',
      });
    } else again.push({ pair, why: 'what exists under its id is dead or different, and could not be replaced' });
  }
  return { live, again };
}

/** Undefined where bulk PUT is closed to us. */
async function putUnlessClosed(
  context: ApplyContext,
  documents: readonly JudgementDocument[],
): Promise<ReadonlyMap<string, PutFate> | undefined> {
  if ((await context.rights.lacking()) !== undefined) return undefined;
  try {
    return await putDocuments(context, judgementsPut(context), documents);
  } catch (error) {
    if (!isCtiaError(error, 'capability')) throw error;
    await context.rights.learn(error.message);
    return undefined;
  }
}

/** The generation after all that there are: what was made by hand again and again has many. */
async function successorTo({ client, self }: ApplyContext, pair: Pair, stored: StoredJudgement): Promise<Pair> {
  const { h } = pair.judgement;
  const all = (await client.takeOneByOne()) ? await client.allByExternalId('judgement', entryId(self.owner, h)) : [];
  const known = [stored, ...all].flatMap((it) => actualJudgement(self, it, [], (words) => words) ?? []);
  const g = Math.max(nextOf(known), pair.judgement.g + 1, pair.link.g + 1);
  const predecessors = known.filter((it) => it.h === h && it.g < g);
  return { ...pair, judgement: { h, g }, link: { h, g }, predecessors };
}

/** What would outlive its successor, or stands for another observable. All else lapses by itself. */
async function endPredecessors(context: ApplyContext, live: readonly Live[]): Promise<Outcome> {
  const { now } = context.moment();
  const ending = live.flatMap(({ pair, document, ids }) => {
    const successor = { observable: pair.entry.observable, end: Date.parse(document.valid_time.end_time) };
    const others = new Map((pair.predecessors ?? []).map((it) => [it.id, it]));
    others.delete(ids.judgement);
    return [...others.values()].filter((it) => !isDead(it, now) && mustEnd(it, successor));
  });
  return expireEach(context, ending);
}

function knowPair(
  { self, learned }: ApplyContext,
  { link, target, entry }: Pair,
  document: Parameters<typeof judgementSaid>[2],
  ids: Ids,
  found: boolean,
): void {
  const judgement = judgementSaid(self.owner, ids.judgement, document, [
    { id: ids.link, g: link.g, target, tlp: ids.linkTlp ?? entry.terms.tlp },
  ]);
  if (judgement) learned.push({ h: link.h, judgement, found });
}

/** Somebody may have edited the type of our link: a view follows no other. */
function isElementOf(link: StoredRelationship): boolean {
  return link.relationship_type === LINK_TYPE;
}

/** What exists, as its list wants it; it keeps its start while it is live. */
function rewrittenPair(moment: Moment, { entry, judgement }: Pair, stored: StoredJudgement): JudgementDocument {
  const fresh = { id: stored.id, ...newJudgement(moment, entry, judgement) };
  if (!isLive(timesOf(stored), moment.now)) return fresh;
  return { ...fresh, valid_time: { ...fresh.valid_time, start_time: stored.valid_time.start_time } };
}

/** Compares what our words and our lifetime make of the entry now with what stands there; a start or end in another place is no difference. */
function needsRewrite({ now, owner }: Moment, { entry, judgement }: Pair, stored: StoredJudgement): boolean {
  const { start, end } = timesOf(stored);
  const { lifetime } = entry.terms;
  const endsRight =
    lifetime.kind === 'once' ? end === lifetime.end : lifetime.kind === 'runs-out' || end - now > lifetime.ms / 2;
  const { type, value } = stored.observable;
  const sameValue = type === entry.observable.type && value === entry.observable.value;
  const ids = judgementIds(owner, judgement, lifetime.kind !== 'renewed');
  const sameIds = ids.length === stored.externalIds.length && ids.every((id) => stored.externalIds.includes(id));
  return !isLive({ start, end }, now) || !endsRight || !saySame(stored, entry.terms) || !sameIds || !sameValue;
}

function next(pair: Pair, what: 'judgement' | 'link'): Pair {
  const up = ({ h, g }: Generation) => ({ h, g: g + 1 });
  return what === 'link'
    ? { ...pair, link: up(pair.link) }
    : { ...pair, judgement: up(pair.judgement), link: up(pair.link) };
}

export function failure({ entry, judgement }: Pair, kind: Failure['kind'], why: string): Failure {
  const { position, observable } = entry;
  return { h: judgement.h, kind, message: `${observable.type} ${observable.value}: ${why}`, position };
}
