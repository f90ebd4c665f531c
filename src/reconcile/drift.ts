import type { CtiaClient } from '../ctia/client.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import { feedKey } from '../ctim/feed.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { makePrecedence, type Precedence } from '../lists/precedence.ts';
import type { Change } from '../plan/change.ts';
import { wordsOf } from '../plan/documents.ts';
import { type Before, type Drift, findDrift } from '../plan/drift.ts';
import { hasProblems } from '../plan/safety.ts';
import type { Prepared } from './prepare.ts';
import { type FeedVerdict, readForeign } from './verify.ts';

/** What an audit tells: drift of ours and of what others keep in our feeds, and what the lists want that nobody applied yet. */
export interface AuditFindings {
  readonly drift: readonly Drift[];
  readonly unapplied: readonly Change[];
}

/** As far as a read of everything, the lists and the feeds' views tell. Lists with errors tell nothing of entries. */
export async function readDrift(
  client: CtiaClient,
  prepared: Prepared,
  verdicts: readonly FeedVerdict[],
  ledger: Before['ledger'],
): Promise<AuditFindings> {
  const { plan, situation, found, desired } = prepared;
  const changes = hasProblems(plan) ? [] : plan.changes;
  const { drift, unapplied } = findDrift(
    situation,
    { changes, makings: plan.makings },
    {
      listsApplied: found.state?.revision === desired.revision,
      appliedAt: Date.parse(found.state?.writtenAt ?? '') || 0,
      ledger,
    },
  );
  const alarms = found.alarms.map(({ kind, feed, message }): Drift => {
    return { kind, feed: feedKey(feed), count: 1, examples: [message], whose: 'foreign' };
  });
  return { drift: [...drift, ...alarms, ...(await keptByOthers(client, prepared, verdicts))], unapplied };
}

/**
 * A feed view asks for no disposition, type or list: what a foreign judgement keeps in a feed although the lists allow it, or
 * although it is of another type, only its owner can take out.
 */
async function keptByOthers(
  client: CtiaClient,
  { self, found, desired, allowedByHand }: Prepared,
  verdicts: readonly FeedVerdict[],
): Promise<Drift[]> {
  const blocks = new Set(desired.channels.filter(({ action }) => action === 'block').map(({ name }) => name));
  const allows = desired.entries.filter(({ channel }) => !blocks.has(channel));
  const precedence = makePrecedence(allows, allowedByHand);
  const drift: Drift[] = [];
  for (const feed of found.feeds) {
    const key = feedKey(feed);
    const foreign = verdicts.find((it) => `${it.channel}/${it.type}` === key)?.foreign.count ?? 0;
    if (foreign === 0 || !blocks.has(feed.channel)) continue;
    const judgements = await readForeign(client, self, feed);
    const allowed = judgements.filter((it) => isAllowed(precedence, it));
    const otherType = judgements.filter(({ observable }) => observable.type !== feed.type);
    if (allowed.length > 0) drift.push(ofOthers('allowed-kept', key, allowed));
    if (otherType.length > 0) drift.push(ofOthers('wrong-type', key, otherType));
  }
  return drift;
}

/** As if a list blocked it: then allow beats block, exact, by range and by parent domain. */
function isAllowed(precedence: Precedence, { observable: { type, value }, ...judgement }: StoredJudgement): boolean {
  const { published, problems } = precedence({
    observable: { type: type as ObservableType, value },
    terms: { ...wordsOf(judgement), lifetime: { kind: 'once', text: '', end: 0 } },
    list: '',
    channel: '',
    position: { file: '', line: 0, column: 0 },
  });
  return !published || problems.some(({ code }) => code === 'blocks-allowed');
}

const EXAMPLES_MAX = 5;

function ofOthers(kind: Drift['kind'], feed: string, judgements: readonly StoredJudgement[]): Drift {
  const examples = judgements.slice(0, EXAMPLES_MAX).map(({ id, observable, source, owner = 'its owner' }) => {
    return `${observable.value} by ${id} (source ${source}): ${owner} must end it`;
  });
  return { kind, feed, count: judgements.length, examples, whose: 'foreign' };
}
