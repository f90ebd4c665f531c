import { setImmediate } from 'node:timers/promises';
import { canaryFinder } from '../lists/canary.ts';
import { countShared, type Survey, surveySource } from '../lists/source-survey.ts';
import type { Upstream } from '../lists/upstream-schema.ts';
import { suspect } from '../lists/upstream-verdict.ts';
import { type Clock, DAY, MINUTE } from '../runtime/clock.ts';
import type { Download, Downloader } from './download.ts';
import type { Churn, LastGood, SourceFacts } from './last-good.ts';
import { addressDigest, type UpstreamList } from './upstream-lists.ts';

/**
 * What one pull did. `waited`: it is not time yet. `kept`: what came is not believed, or nothing came; the last good copy
 * stays, and somebody should hear of it.
 */
export interface Pull {
  readonly list: string;
  readonly did: 'waited' | 'same' | 'changed' | 'kept';
  readonly entries?: number;
  readonly churn?: Churn;
  /** Why it was kept. */
  readonly kind?: string;
  readonly message?: string;
}

export interface PullParts {
  readonly clock: Clock;
  readonly download: Downloader;
  readonly lastGood: LastGood;
  /** All upstream lists of the folder: one may answer with another's content. */
  readonly all: readonly UpstreamList[];
  readonly signal?: AbortSignal | undefined;
}

export async function pullUpstream(
  list: UpstreamList,
  parts: PullParts,
  { byHand }: { byHand: boolean },
): Promise<Pull> {
  const { clock, download, lastGood, signal } = parts;
  const { name, upstream } = list;
  const now = clock.now();
  const facts = await lastGood.facts(name);
  if (!byHand && !isAnotherAddress(facts, upstream) && !isDue(facts, upstream, now))
    return { list: name, did: 'waited' };
  const copy = facts.copy?.source === addressDigest(upstream) ? facts.copy : undefined;
  const answer = await download(upstream.url, { validators: copy?.validators, signal });
  if (answer.is === 'same' && copy !== undefined) {
    await lastGood.confirm(name, now, now + upstream.everyMs);
    return { list: name, did: 'same', entries: copy.counts.taken };
  }
  const retryAt = now + backOffMs(upstream, facts.failures + 1);
  if (answer.is === 'failed') {
    const { kind, message, retryAfterMs = 0 } = answer;
    await lastGood.fail(
      name,
      { at: now, source: addressDigest(upstream), kind, message },
      Math.max(retryAt, now + Math.min(retryAfterMs, DAY)),
    );
    return { list: name, did: 'kept', kind, message };
  }
  if (answer.is === 'same') throw new Error('the server answers that nothing changed to a request that said nothing');
  return judge(list, answer, copy !== undefined, { ...parts, now, retryAt });
}

/** Who mends an address does not wait for the back-off of the former one. */
function isAnotherAddress({ failures, error, copy }: SourceFacts, upstream: Upstream): boolean {
  const asked = failures > 0 ? error?.source : copy?.source;
  return asked !== undefined && asked !== addressDigest(upstream);
}

type Period = Pick<Upstream, 'everyMs'>;

/**
 * A pull a little early is better than one that is left out since the schedule came a second too soon. A share of how often
 * that comes: one of a long period would let a source that failed be asked again at once.
 */
const EARLY_SHARE = 0.1;

export function isDue({ nextPullAt }: Pick<SourceFacts, 'nextPullAt'>, { everyMs }: Period, now: number): boolean {
  return now >= nextPullAt - Math.min(everyMs, RETRY_MS) * EARLY_SHARE;
}

/** Twice as long after each failure, up to a day: what is over in a minute does not cost a period, what is down is left alone. */
export const RETRY_MS = 10 * MINUTE;

export function backOffMs({ everyMs }: Period, failures: number): number {
  return Math.min(Math.min(everyMs, RETRY_MS) * 2 ** (failures - 1), Math.max(everyMs, DAY));
}

type Changed = Extract<Download, { is: 'changed' }>;

async function judge(
  list: UpstreamList,
  answer: Changed,
  hasCopy: boolean,
  { lastGood, all, now, retryAt }: PullParts & { now: number; retryAt: number },
): Promise<Pull> {
  const { name, upstream } = list;
  const { text, contentType, validators } = answer;
  const copy = hasCopy ? await lastGood.copy(name) : undefined;
  const survey = await surveySource(text, upstream, setImmediate);
  const before = copy && { text: copy.text, survey: copy.text === text ? survey : await surveyOf(copy.text, upstream) };
  const suspicion = suspect({
    text,
    contentType,
    survey,
    before,
    others: await copiesOfOthers(list, all, lastGood, survey, before?.survey),
    findCanary: canaryFinder(upstream.canaries),
    bounds: upstream.bounds,
  });
  if (suspicion !== undefined) {
    const error = { at: now, source: addressDigest(upstream), ...suspicion };
    await lastGood.quarantine(name, { text, validators }, error, retryAt);
    return { list: name, did: 'kept', ...suspicion };
  }
  const { taken } = survey.counts;
  const churn = before && churnOf(before.survey, survey);
  await keepAnswer(list, { text, validators, survey, churn, now }, lastGood);
  return { list: name, did: before?.text === text ? 'same' : 'changed', entries: taken, ...(churn && { churn }) };
}

const surveyOf = (text: string, upstream: Upstream) => surveySource(text, upstream, setImmediate);

/** Asked only where little of the copy survives: what is as before is no other list's content. */
async function copiesOfOthers(
  list: UpstreamList,
  all: readonly UpstreamList[],
  lastGood: LastGood,
  survey: Survey,
  before: Survey | undefined,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const others = new Map<string, ReadonlySet<string>>();
  if (before !== undefined && countShared(survey.values, before.values) * 2 >= survey.values.size) return others;
  for (const { name, upstream } of all) {
    // Two lists may have one address, each with its own part of it.
    if (name === list.name || upstream.url === list.upstream.url) continue;
    const copy = await lastGood.copy(name);
    if (copy !== undefined) others.set(name, (await surveyOf(copy.text, upstream)).values);
  }
  return others;
}

function churnOf(before: Survey, after: Survey): Churn {
  const stayed = countShared(before.values, after.values);
  return { added: after.values.size - stayed, removed: before.values.size - stayed };
}

interface Answer {
  readonly text: string;
  readonly validators: Changed['validators'];
  readonly survey: Survey;
  readonly churn: Churn | undefined;
  readonly now: number;
}

function keepAnswer({ name, upstream }: UpstreamList, answer: Answer, lastGood: LastGood): Promise<SourceFacts> {
  const { text, validators, survey, churn, now } = answer;
  const source = addressDigest(upstream);
  const copy = { text, validators, counts: survey.counts, source, fetchedAt: now, ...(churn && { churn }) };
  return lastGood.keep(name, copy, now + upstream.everyMs);
}

/** A person looked at the newest answer in quarantine: it becomes the copy. Otherwise says why not. */
export async function acceptQuarantined(
  list: UpstreamList,
  { lastGood, clock }: Pick<PullParts, 'lastGood' | 'clock'>,
): Promise<{ entries: number; churn: Churn | undefined } | { refused: string }> {
  const { name, upstream } = list;
  const { quarantined } = await lastGood.facts(name);
  const [newest] = quarantined;
  if (newest === undefined) return { refused: 'nothing of it is in quarantine' };
  const text = await lastGood.quarantinedText(name, newest.digest);
  if (text === undefined || !newest.whole) {
    return {
      refused: 'what is in quarantine was too large to be kept whole: change min_entries or max_shrink, and pull again',
    };
  }
  const survey = await surveyOf(text, upstream);
  if (survey.counts.taken === 0 && upstream.bounds.minEntries > 0)
    return { refused: 'there is no entry in what is in quarantine; a list that may be empty says min_entries: 0' };
  const copy = await lastGood.copy(name);
  const churn = copy && churnOf(await surveyOf(copy.text, upstream), survey);
  await keepAnswer(list, { text, validators: newest.validators, survey, churn, now: clock.now() }, lastGood);
  return { entries: survey.counts.taken, churn };
}
