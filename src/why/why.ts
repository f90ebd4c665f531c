import type { Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import { feedKey } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import { sameObservable } from '../ctim/observable.ts';
import type { Problem } from '../ctim/problem.ts';
import { blocks, letsThrough } from './covers.ts';
import { type HistoryRow, shortRevision } from './history.ts';
import type { KnownFeed, KnownJudgement } from './judgements.ts';

/** Everything that is known of one observable now, for a person who is asked why it is blocked, or why not. */
export interface Why {
  readonly observable: Observable;
  readonly answer: 'blocked' | 'blocked-by-wider' | 'not-blocked';
  /** The answer in one line. */
  readonly says: string;
  readonly in_feeds: readonly InFeed[];
  readonly listed: readonly Listed[];
  /** Ranges around it and names above it that are blocked. */
  readonly wider: readonly Wider[];
  readonly allowed_by: readonly Allowing[];
  /** Why a guard would refuse it on a block list. */
  readonly guard: string | null;
  /** Why it is not in the feed where it is listed, or still there where it is not. */
  readonly because: readonly string[];
  readonly others: readonly Other[];
  readonly verdict: Verdict | null;
  readonly history: readonly HistoryRow[];
  readonly notices: readonly string[];
}

export interface InFeed {
  readonly feed: string;
  readonly title: string;
  /** Without its secret. */
  readonly url: string | null;
  readonly list: string | null;
  readonly place: string | null;
  readonly revision: string | null;
  readonly judgement: string;
  readonly link: string;
  readonly since: string;
  readonly until: string;
  readonly renewed_at: string | null;
  /** `while listed`, `never`: a person's word or an end of its own. */
  readonly renewed: 'while listed' | 'never';
  readonly reason: string | null;
  /** Of the line that it was made for, where no list has it any more. */
  readonly origin?: LineFacts;
}

export interface Listed {
  readonly list: string;
  readonly action: ListAction;
  readonly channel: string;
  readonly file: string;
  readonly line: number;
  readonly reason: string | null;
  readonly lifetime: string | null;
  /** `in force`, or what the lists say against it. */
  readonly state: string;
  readonly in_force: boolean;
  readonly origin?: LineFacts;
}

/** As git tells; made by whoever has a checkout. */
export interface LineFacts {
  readonly commit: string;
  readonly author: string;
  readonly at: string;
  readonly subject: string;
  readonly pullRequest?: string;
}

export interface Wider {
  readonly value: string;
  readonly by: string;
}

export interface Allowing {
  readonly value: string;
  readonly by: string;
  readonly until: string | null;
}

export interface Other {
  readonly judgement: string;
  readonly source: string;
  readonly disposition: string;
  readonly priority: number;
  readonly until: string;
  readonly endless: boolean;
  readonly feeds: readonly string[];
}

export interface Verdict {
  readonly disposition: string;
  readonly judgement: string;
  readonly by: string;
}

export interface WhyFacts {
  readonly observable: Observable;
  readonly now: number;
  readonly lists: {
    readonly entries: readonly Entry[];
    readonly problems: readonly Problem[];
    /** By name. */
    readonly summaries: ReadonlyMap<
      string,
      { readonly action: ListAction; readonly channel: string; readonly file: string }
    >;
    readonly revision: string;
  };
  readonly feeds: readonly KnownFeed[];
  readonly judgements: readonly KnownJudgement[];
  /** Values of the feeds whose view was read, by `channel/type`. */
  readonly views: ReadonlyMap<string, readonly Observable[]>;
  readonly guard: string | undefined;
  readonly verdict: { readonly disposition: string; readonly judgement: string } | undefined;
  readonly applied: { readonly revision: string; readonly at: string } | undefined;
  /** Of the last sync. */
  readonly held: readonly string[];
  readonly failures: readonly string[];
  /** Of this value, newest first. */
  readonly history: readonly HistoryRow[];
  readonly notices: readonly string[];
}

const BY_HAND = 'adhoc-block';

/** What nobody means to end: workflow 0015B writes no end, and CTIA then one some five hundred years ahead. */
const ENDLESS_MS = 100 * 365 * 24 * 60 * 60 * 1000;

export function explain(facts: WhyFacts): Why {
  const { observable, judgements, guard, history, notices } = facts;
  const in_feeds = feedsWith(facts);
  const listed = linesWith(facts);
  const allowed_by = allowing(facts);
  const wider = widerThan(facts);
  const blocking = in_feeds.filter(({ feed }) => actionOf(facts, feed) === 'block');
  const answer =
    blocking.length > 0
      ? 'blocked'
      : wider.some(({ by }) => by.startsWith('feed '))
        ? 'blocked-by-wider'
        : 'not-blocked';
  const because = answer === 'blocked' ? stillThere(facts, blocking, listed) : reasons(facts, listed, allowed_by);
  const others = judgements.filter(({ ours, live }) => !ours && live).map((it) => otherOf(it, facts.now));
  return {
    observable,
    answer,
    says: oneLine(facts, { answer, blocking, listed, wider, because }),
    ...{ in_feeds, listed, wider, allowed_by, guard: guard ?? null, because, others },
    verdict: verdictOf(facts),
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
        const { list, place, revision, start, end, created, once, ours, reason } = judgement;
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
          },
        ];
      }),
    );
}

/** Its own lines: those that are published, and those of which something is to be said. */
function linesWith({ observable, lists }: WhyFacts): Listed[] {
  const published = lists.entries.filter((entry) => sameObservable(entry.observable, observable));
  const listed = published.map(({ list, channel, position: { file, line }, terms }): Listed => {
    const action = lists.summaries.get(list)?.action ?? 'block';
    const { reason, lifetime } = terms;
    return {
      list,
      action,
      channel,
      file,
      line,
      reason: reason ?? null,
      lifetime: lifetime.text,
      state: 'in force',
      in_force: true,
    };
  });
  const said = lists.problems.filter((it) => it.observable !== undefined && sameObservable(it.observable, observable));
  for (const { file, line, code, message } of said) {
    if (listed.some((it) => it.file === file && it.line === line)) continue;
    const [name, summary] = listOfFile(lists.summaries, file) ?? ['unknown', undefined];
    listed.push({
      ...{ list: name, action: summary?.action ?? 'block', channel: summary?.channel ?? 'unknown' },
      ...{ file, line, reason: null, lifetime: null, state: `${code}: ${message}`, in_force: false },
    });
  }
  return listed;
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
      wider.push({ value: value.value, by: `feed ${feedKey(feed)}` });
  }
  for (const { observable: listed, list, position } of lists.entries) {
    if (lists.summaries.get(list)?.action === 'block' && isWider(listed))
      wider.push({ value: listed.value, by: `${position.file}:${position.line} (list ${list})` });
  }
  return wider;
}

/** In the order in which a person would look. */
function reasons(facts: WhyFacts, listed: readonly Listed[], allows: readonly Allowing[]): string[] {
  const { judgements, now } = facts;
  const blockLines = listed.filter(({ action }) => action === 'block');
  const inForce = blockLines.some(({ in_force }) => in_force);
  const because = allows.map(({ value, by, until }) => `${value} is allowed by ${by}${until ? ` until ${until}` : ''}`);
  const outOfForce = blockLines.filter(({ in_force }) => !in_force);
  because.push(...outOfForce.map(({ file, line, state }) => `${file}:${line} ${state}`));
  if (inForce) {
    because.push(...pending(facts));
    if (because.length === 0)
      because.push('it should be in its feed and is not: enqueue sync --wait puts it there, or says what hinders it');
  }
  for (const { ours, live, end, start, list, reason } of judgements) {
    if (!ours || live || list === 'adhoc-allow') continue;
    if (start > now) because.push(`its judgement of list ${list ?? 'unknown'} begins ${iso(start)}`);
    else because.push(`its judgement of list ${list ?? 'unknown'} ended ${iso(end)}${withdrawal(reason)}`);
  }
  return because;
}

/** Why a feed may not be as the lists want it. */
function pending({ lists, applied, held, failures }: WhyFacts): string[] {
  const because: string[] = [];
  const errors = lists.problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0)
    because.push(
      `the lists have ${errors} ${errors === 1 ? 'error' : 'errors'}, and nothing but renewals is applied: check names them`,
    );
  because.push(...held.map((message) => `the last plan is held: ${message}`), ...failures);
  if (applied === undefined) because.push('nothing was ever applied to this tenant');
  else if (applied.revision !== lists.revision)
    because.push(
      `these lists (${shortRevision(lists.revision)}) are not applied yet; ${shortRevision(applied.revision)} is, since ${applied.at}`,
    );
  return because;
}

/** Of lists that have it no more, and of which it is in a feed still. */
function stillThere(facts: WhyFacts, blocking: readonly InFeed[], listed: readonly Listed[]): string[] {
  const lists = blocking.flatMap(({ list }) => (list === null || list === BY_HAND ? [] : [list]));
  const left = lists.filter((list) => !listed.some((line) => line.list === list && line.in_force));
  if (left.length === 0) return [];
  return [`list ${left.join(', ')} does not name it any more, and the next run takes it out`, ...pending(facts)];
}

function withdrawal(reason: string | undefined): string {
  const [, revision] = /(?:^| )withdrawn (\S+)$/.exec(reason ?? '') ?? [];
  return revision === undefined ? '' : `, withdrawn by ${shortRevision(revision)}`;
}

function oneLine(
  { observable }: WhyFacts,
  found: Pick<Why, 'answer' | 'listed' | 'wider' | 'because'> & { blocking: readonly InFeed[] },
): string {
  const { value } = observable;
  const [first] = found.blocking;
  if (first !== undefined) {
    const line = found.listed.find(({ list, in_force }) => list === first.list && in_force);
    const place = line ? `${line.file}:${line.line}` : first.place;
    const lists = new Set(found.blocking.map(({ list }) => list));
    const more = lists.size > 1 ? ` and ${lists.size - 1} more` : '';
    const by = whoBlocks(first, place);
    return `${value} is blocked by ${by}${more}, in ${first.feed} since ${first.since} until ${first.until}${first.renewed === 'never' ? '' : ', renewed while listed'}`;
  }
  const wider = found.wider.find(({ by }) => by.startsWith('feed '));
  if (wider !== undefined)
    return `${value} is blocked by ${wider.value}, which contains it, in ${wider.by.slice('feed '.length)}`;
  const [reason] = found.because;
  if (reason !== undefined) return `${value} is not blocked: ${reason}`;
  if (found.wider[0])
    return `${value} is not blocked yet: ${found.wider[0].value} in ${found.wider[0].by} would block it, and is in no feed`;
  return `${value} is not blocked: no list names it, and no feed of ours shows it`;
}

function whoBlocks({ list, reason }: InFeed, place: string | null): string {
  if (list === null) return 'a judgement that others made';
  if (list === BY_HAND) return `a person, by hand${reason ? ` (${reason})` : ''}`;
  return `list ${list}${place ? ` (${place})` : ''}`;
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
