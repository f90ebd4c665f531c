import type { StoredIncident } from '../ctia/stored.ts';
import { oneLine } from '../ctim/one-line.ts';
import { shortId } from '../ctim/short-id.ts';
import type { Condition } from '../notify/condition.ts';
import { type Drift, driftLine } from '../plan/drift.ts';
import type { Runway } from '../plan/runway.ts';
import type { Report } from '../reconcile/report.ts';
import { MINUTE } from '../runtime/clock.ts';
import type { SourceFacts } from '../sources/last-good.ts';
import { healthNotice } from '../sources/upstream-health.ts';
import type { UpstreamList } from '../sources/upstream-lists.ts';
import type { RenewalReport } from './renew.ts';

/** What of a report a person must hear of, though nobody reads reports. */

export function conditionsOfSync({ held, failures, feeds }: Report): Condition[] {
  const notVerified = feeds.filter(({ verified }) => !verified);
  return [
    ...held.map(({ rule, message }): Condition => {
      return { kind: rule === 'problems' ? 'problems' : 'held', about: rule, text: message };
    }),
    ...notVerified.map(({ channel, type, missing, extra, trouble }): Condition => {
      const counts = `${missing.count} missing, ${extra.count} too much`;
      return { kind: 'not-verified', about: `${channel}/${type}`, text: `${channel}/${type}: ${trouble ?? counts}` };
    }),
    ...failed('failures', failures),
  ];
}

export function conditionsOfDrift(drift: readonly Drift[]): Condition[] {
  return drift.map((it) => ({ kind: 'drift', about: `${it.kind} ${it.feed}`, text: driftLine(it) }));
}

/** Two periods before its end a judgement was to be renewed long since, whatever its lifetime. */
const LAPSING_PERIODS = 2;

export function conditionsOfRenewal(
  { failures }: Pick<RenewalReport, 'failures'>,
  runways: ReadonlyMap<string, Runway>,
  { now, everyMs }: { readonly now: number; readonly everyMs: number },
): Condition[] {
  const lapsing = [...runways].flatMap(([channel, { live, lapses }]): Condition[] => {
    if (lapses === undefined || lapses.at - now >= LAPSING_PERIODS * everyMs) return [];
    const minutes = Math.max(0, Math.round((lapses.at - now) / MINUTE));
    const text = `${channel}: ${lapses.value}, the first of ${live}, leaves its feed in ${minutes} min, and was not renewed`;
    return [{ kind: 'lapsing', about: channel, text }];
  });
  return [...failed('not-renewed', failures), ...lapsing];
}

export function conditionsOfSources(
  sources: readonly { readonly list: UpstreamList; readonly facts: SourceFacts }[],
  now: number,
): Condition[] {
  return sources.flatMap(({ list: { name, upstream }, facts }): Condition[] => {
    const text = healthNotice(name, facts, upstream, now);
    return text === undefined ? [] : [{ kind: 'source', about: name, text }];
  });
}

export function conditionOfIncident({
  id,
  title,
  severity,
  source,
  incident_time: { opened },
}: StoredIncident): Condition {
  const [what, by] = [oneLine(title ?? 'without a title'), source === undefined ? '' : ` by ${oneLine(source)}`];
  const short = shortId(id);
  const text = `${severity ?? 'no severity'}: ${what}${by}, opened ${opened}: ctim-feeds incident show ${short}`;
  return { kind: 'incident', about: short, text };
}

function failed(kind: 'failures' | 'not-renewed', failures: readonly { readonly message: string }[]): Condition[] {
  const [first] = failures;
  return first === undefined ? [] : [{ kind, about: '', text: `${failures.length}, the first: ${first.message}` }];
}
