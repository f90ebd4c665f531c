import { feedKey, type ListAction } from '../ctim/feed.ts';
import { type Observable, sameObservable } from '../ctim/observable.ts';
import { isDead } from '../plan/actual.ts';
import { wasWithdrawn } from '../plan/documents.ts';
import { blocks, letsThrough } from './covers.ts';
import type { KnownJudgement } from './judgements.ts';
import type { Allowing, InFeed, Listed, Other, Verdict, Why, WhyFacts, Wider } from './known.ts';
import { answerLine, whyNot, whyStill } from './reasons.ts';

/** What nobody means to end: workflow 0015B writes no end, and CTIA then one some five hundred years ahead. */
const ENDLESS_MS = 100 * 365 * 24 * 60 * 60 * 1000;

export function explain(facts: WhyFacts): Why {
  const { observable, judgements, guard, history, notices, notAsked } = facts;
  const in_feeds = feedsWith(facts);
  const listed = linesWith(facts);
  const allowed_by = allowing(facts);
  const wider = widerThan(facts);
  const blocking = in_feeds.filter(({ feed }) => actionOf(facts, feed) === 'block');
  const answer =
    notAsked !== undefined
      ? 'unknown'
      : blocking.length > 0
        ? 'blocked'
        : wider.some(({ feed }) => feed !== undefined)
          ? 'blocked-by-wider'
          : 'not-blocked';
  const because = answer === 'blocked' ? whyStill(facts, blocking, listed) : whyNot(facts, listed, allowed_by);
  const others = judgements.filter(({ ours, live }) => !ours && live).map((it) => otherOf(it, facts.now));
  return {
    observable,
    answer,
    says: answerLine(facts, { answer, blocking, listed, wider, because }),
    ...{ in_feeds, listed, wider, allowed_by, guard: guard ?? null, because, others },
    verdict: verdictOf(facts),
    not_asked: notAsked ?? null,
    history,
    notices,
  };
}

function actionOf({ feeds }: WhyFacts, key: string): ListAction | undefined {
  return feeds.find((feed) => feedKey(feed) === key)?.action;
}

function feedsWith({ judgements, feeds, history }: WhyFacts): InFeed[] {
  return judgements
    .filter(({ live }) => live)
    .flatMap((judgement) =>
      judgement.links.flatMap(({ id, feed: key }): InFeed[] => {
        const feed = feeds.find((it) => feedKey(it) === key);
        if (feed === undefined) return [];
        const { list, place, revision, start, end, created, once, ours, reason, uri } = judgement;
        const renewed = history.find((row) => row.kind === 'renew' && row.list === list);
        return [
          {
            feed: key,
            title: feed.title,
            url: feed.viewUrl === undefined ? null : withoutSecret(feed.viewUrl),
            list: (ours ? list : undefined) ?? null,
            place: place ?? null,
            revision: revision ?? null,
            judgement: judgement.id,
            link: id,
            since: iso(ours ? Math.max(start, created) : start),
            until: iso(end),
            renewed_at: renewed?.at ?? null,
            renewed: ours && !once ? 'while listed' : 'never',
            reason: reason ?? null,
            source_uri: uri ?? null,
          },
        ];
      }),
    );
}

/** Its own lines: those that are published, and those of which something is to be said. */
function linesWith({ observable, lists, judgements, now }: WhyFacts): Listed[] {
  const published = lists.entries.filter((entry) => sameObservable(entry.observable, observable));
  const listed = published.map(({ list, channel, position: { file, line }, terms }): Listed => {
    const action = lists.summaries.get(list)?.action ?? 'block';
    const { reason, lifetime } = terms;
    const ended = lifetime.kind === 'runs-out' ? ranOut(judgements, list, lifetime.ms, now) : undefined;
    return {
      list,
      action,
      channel,
      file,
      line,
      reason: reason ?? null,
      lifetime: lifetime.text,
      state:
        ended === undefined
          ? 'in force'
          : `ran out at ${iso(ended)}: renew: false publishes it once; renew: true or another lifetime publishes it again`,
      in_force: ended === undefined,
    };
  });
  const said = lists.problems.filter((it) => it.observable !== undefined && sameObservable(it.observable, observable));
  // The last word on a line says why it is out: that a guard only warns of it is said before.
  const last = new Map(said.map((it) => [`${it.file}:${it.line}`, it]));
  for (const { file, line, code, message } of last.values()) {
    if (listed.some((it) => it.file === file && it.line === line)) continue;
    const [name, summary] = listOfFile(lists.summaries, file) ?? ['unknown', undefined];
    listed.push({
      ...{ list: name, action: summary?.action ?? 'block', channel: summary?.channel ?? 'unknown' },
      ...{ file, line, reason: null, lifetime: null, state: `${code}: ${message}`, in_force: false },
    });
  }
  return listed;
}

/** When an entry that runs out once had its time: as a plan finds it (ran-out.ts), of the judgements of one observable. */
function ranOut(judgements: readonly KnownJudgement[], list: string, lifetimeMs: number, now: number) {
  const known = judgements.filter((it) => it.ours && it.list === list);
  const had = known.filter((it) => it.once && it.lifetimeMs === lifetimeMs && !wasWithdrawn({ words: it }));
  if (had.length === 0 || !known.every((it) => isDead(it, now))) return undefined;
  return Math.max(...had.map(({ end }) => end));
}

/** A text file is read by one list or another: its lines bear their own file, which no summary names. */
function listOfFile(summaries: WhyFacts['lists']['summaries'], file: string) {
  return [...summaries].find(([, summary]) => summary.file === file);
}

function allowing({ observable, lists, judgements, views, feeds, now }: WhyFacts): Allowing[] {
  const allows: Allowing[] = [];
  for (const { observable: allowed, list, position, terms } of lists.entries) {
    if (lists.summaries.get(list)?.action !== 'allow' || !letsThrough(allowed, observable)) continue;
    const { lifetime } = terms;
    const until = lifetime.kind === 'once' ? iso(lifetime.end) : null;
    allows.push({ value: allowed.value, by: `${position.file}:${position.line} (list ${list})`, until });
  }
  for (const { list, live, end, reason } of judgements) {
    if (live && list === 'adhoc-allow')
      allows.push({ value: observable.value, by: `a person, by hand${reason ? ` (${reason})` : ''}`, until: iso(end) });
  }
  const known = new Set(allows.map(({ value }) => value));
  for (const feed of feeds.filter(({ action }) => action === 'allow')) {
    for (const allowed of views.get(feedKey(feed)) ?? []) {
      if (known.has(allowed.value) || !letsThrough(allowed, observable)) continue;
      allows.push({ value: allowed.value, by: `feed ${feedKey(feed)}, as it is published now`, until: null });
    }
  }
  return allows.filter(({ until }) => until === null || Date.parse(until) >= now);
}

function widerThan({ observable, lists, views, feeds }: WhyFacts): Wider[] {
  const isWider = (it: Observable) => !sameObservable(it, observable) && blocks(it, observable);
  const wider: Wider[] = [];
  for (const feed of feeds.filter(({ action }) => action === 'block')) {
    for (const value of (views.get(feedKey(feed)) ?? []).filter(isWider))
      wider.push({ value: value.value, feed: feedKey(feed) });
  }
  for (const { observable: listed, list, position } of lists.entries) {
    if (lists.summaries.get(list)?.action === 'block' && isWider(listed))
      wider.push({ value: listed.value, list: `${list} (${position.file}:${position.line})` });
  }
  return wider;
}

function otherOf({ id, source, disposition, priority, end, links }: KnownJudgement, now: number): Other {
  const endless = end - now > ENDLESS_MS;
  return {
    judgement: id,
    source,
    disposition,
    priority,
    until: iso(end),
    endless,
    feeds: links.map(({ feed }) => feed),
  };
}

function verdictOf({ verdict, judgements }: WhyFacts): Verdict | null {
  if (verdict === undefined) return null;
  const { disposition, judgement: id } = verdict;
  const its = judgements.find((it) => it.id === id);
  const by =
    its === undefined
      ? 'a judgement that is not shown here'
      : its.ours
        ? `ours, of list ${its.list ?? 'unknown'}`
        : `another's, of source ${its.source}, priority ${its.priority}`;
  return { disposition, judgement: id, by };
}

/** The secret of a feed is its whole access control. */
function withoutSecret(url: string): string {
  return `${url.replace(/\?.*$/, '')}?s=…`;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
