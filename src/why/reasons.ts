import { ATTACKERS } from '../ctim/entry.ts';
import { inFeedAt } from './at.ts';
import { shortRevision } from './history.ts';
import type { Allowing, InFeed, Listed, Why, WhyFacts } from './known.ts';

const BY_HAND = 'adhoc-block';
/** Lists without a file: what is on them no line names, and stays until its end. */
const WITHOUT_FILE: ReadonlySet<string> = new Set([BY_HAND, ATTACKERS]);

/** In the order in which a person would look. */
export function whyNot(facts: WhyFacts, listed: readonly Listed[], allows: readonly Allowing[]): string[] {
  const { judgements, now } = facts;
  const blockLines = listed.filter(({ action }) => action === 'block');
  const inForce = blockLines.some(({ in_force }) => in_force);
  const because = allows.map(({ value, by, until }) => `${value} is allowed by ${by}${until ? ` until ${until}` : ''}`);
  const outOfForce = blockLines.filter(({ in_force }) => !in_force);
  because.push(...outOfForce.map(({ file, line, state }) => `${file}:${line} ${state}`));
  if (inForce && facts.notAsked === undefined) {
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
export function whyStill(facts: WhyFacts, blocking: readonly InFeed[], listed: readonly Listed[]): string[] {
  const lists = blocking.flatMap(({ list }) => (list === null || WITHOUT_FILE.has(list) ? [] : [list]));
  const left = lists.filter((list) => !listed.some((line) => line.list === list && line.in_force));
  if (left.length === 0) return [];
  const why = pending(facts);
  const next = why.length === 0 ? ', and the next run takes it out' : '';
  return [`list ${left.join(', ')} does not name it any more${next}`, ...why];
}

function withdrawal(reason: string | undefined): string {
  const [, revision] = /(?:^| )withdrawn (\S+)$/.exec(reason ?? '') ?? [];
  return revision === undefined ? '' : `, withdrawn by ${shortRevision(revision)}`;
}

export function answerLine(
  facts: WhyFacts,
  found: Pick<Why, 'answer' | 'listed' | 'wider' | 'because'> & { blocking: readonly InFeed[] },
): string {
  const { value } = facts.observable;
  if (found.answer === 'unknown')
    return `whether ${value} is blocked now is not known, since CTIA could not be asked: ${byLists(found)}; ${byJournal(facts)}`;
  const [first] = found.blocking;
  if (first !== undefined) {
    const line = found.listed.find(({ list, in_force }) => list === first.list && in_force);
    const place = line ? `${line.file}:${line.line}` : first.place;
    const lists = new Set(found.blocking.map(({ list }) => list));
    const more = lists.size > 1 ? ` and ${lists.size - 1} more` : '';
    const by = whoBlocks(first, place);
    return `${value} is blocked by ${by}${more}, in ${first.feed} since ${first.since} until ${first.until}${first.renewed === 'never' ? '' : ', renewed while listed'}`;
  }
  const wider = found.wider.find(({ feed }) => feed !== undefined);
  if (wider !== undefined) return `${value} is blocked by ${wider.value}, which contains it, in ${wider.feed}`;
  const [reason] = found.because;
  if (reason !== undefined) return `${value} is not blocked: ${reason}`;
  if (found.wider[0])
    return `${value} is not blocked yet: ${found.wider[0].value} of list ${found.wider[0].list} would block it, and is in no feed`;
  return `${value} is not blocked: no list names it, and no feed of ours shows it`;
}

function byLists({ listed, wider, because }: Pick<Why, 'listed' | 'wider' | 'because'>): string {
  const line = listed.find(({ action, in_force }) => action === 'block' && in_force);
  if (line !== undefined) return `by the lists it is, in list ${line.list} (${line.file}:${line.line})`;
  const [reason] = because;
  if (reason !== undefined) return `by the lists it is not: ${reason}`;
  const [range] = wider;
  return range === undefined
    ? 'no list names it'
    : `by the lists ${range.value}, which contains it, is, in list ${range.list}`;
}

function byJournal({ now, history, journalBegins }: WhyFacts): string {
  const nothingOfCtia = { judgements: [], collectAfterMs: Number.POSITIVE_INFINITY };
  const { answer, by } = inFeedAt({ at: now, now, rows: history, journalBegins, ...nothingOfCtia });
  if (answer === 'yes') return `by the journal it is in ${by.map(({ feed }) => feed).join(', ')}`;
  return answer === 'no' && history.length > 0 ? 'by the journal it is in no feed' : 'the journal does not tell';
}

function whoBlocks({ list, reason }: InFeed, place: string | null): string {
  if (list === null) return 'a judgement that others made';
  if (list === BY_HAND) return `a person, by hand${reason ? ` (${reason})` : ''}`;
  if (list === ATTACKERS) return `what a log told of it${reason ? ` (${reason})` : ''}`;
  return `list ${list}${place ? ` (${place})` : ''}`;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
