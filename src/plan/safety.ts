import { RESERVED_LISTS } from '../ctim/entry.ts';
import { feedKey } from '../ctim/feed.ts';
import type { Standing } from '../ctim/standing.ts';
import { isLive, listOf } from './actual.ts';
import type { Apart } from './apart.ts';
import { heldBySize, type SizeInput } from './over-limit.ts';
import { type Held, type HeldBy, isEmpty, liveCount, type Plan } from './plan.ts';

/** How a person approved: everything (`--yes`), also what is over a limit (`--force`), or exactly the plan they saw. */
export interface Approval {
  readonly yes: boolean;
  readonly force: boolean;
  readonly digest: string | undefined;
}

export const NO_APPROVAL: Approval = { yes: false, force: false, digest: undefined };

export interface SafetyInput extends SizeInput {
  /** Feeds that another login made, by `feedKey`: their views are read with its rights. */
  readonly feedsOfOthers: ReadonlySet<string>;
  /** Errors in the lists: what they want is not known, so nothing but renewals goes on. No approval lifts this. */
  readonly problems: number;
  /** The first of them: where, what was found, what was expected. */
  readonly firstProblem?: string | undefined;
  /** Names of the lists that were read. */
  readonly lists: ReadonlySet<string>;
  /** Lists and settings of their commit that this checkout does not have. */
  readonly leftOut?: readonly string[] | undefined;
  /** Of an embedded server that we started ourselves while it never held anything but the shipped examples. */
  readonly unattended: boolean;
  /** Who else applied lists to this tenant, asked at first contact. */
  readonly otherOwners?: readonly string[];
  /** What the tenant last applied, and from where; undefined where this owner never applied anything. */
  readonly state: { readonly revision: string; readonly repository: string | undefined } | undefined;
  readonly repository: string | undefined;
  /** Of the lists' commit to the one that was applied last; undefined where one of them is no commit. */
  readonly standing: Standing | undefined;
  readonly approval: Approval;
}

/**
 * Each rule is a named function that says why the plan may not go, or nothing. All are asked: a person sees every reason at
 * once. But those that count what would go are silent while lists have errors: a list that does not parse is not one that
 * was deleted, and the approval that they offer would lift nothing.
 */
type Rule = (input: SafetyInput, plan: Plan, apart: Apart) => Held | readonly Held[] | undefined;

const rules: readonly Rule[] = [
  problemsInLists,
  redInFeedOfOthers,
  otherDigest,
  firstContact,
  olderCommit,
  otherHistory,
  partialCheckout,
  listVanished,
  size,
];

/** Rules that a person lifts by mending the lists and by nothing else. */
const OF_THE_LISTS: readonly string[] = ['problems', 'red-in-feed-of-others'];

export function hasProblems({ held }: Pick<Plan, 'held'>): boolean {
  return held.some(({ rule }) => OF_THE_LISTS.includes(rule));
}

export function heldBy(input: SafetyInput): HeldBy {
  return (plan, apart) => rules.flatMap((rule) => rule(input, plan, apart) ?? []);
}

function problemsInLists({ problems, firstProblem = 'check names it' }: SafetyInput): Held | undefined {
  if (problems === 0) return undefined;
  const count =
    problems === 1 ? '1 error in the lists:' : `${problems} errors in the lists (check names all), the first:`;
  const message = `${count} ${firstProblem}; correct, then plan again (no approval lifts this)`;
  return { rule: 'problems', message };
}

/** A red judgement is read by its maker alone, and one that the feed's maker may not read turns the whole view into a 403. */
function redInFeedOfOthers({ desired, feedsOfOthers }: SafetyInput): Held | undefined {
  if (feedsOfOthers.size === 0) return undefined;
  for (const { channel, observable, terms, position } of desired.values()) {
    const key = feedKey({ channel, type: observable.type });
    if (terms.tlp !== 'red' || !feedsOfOthers.has(key)) continue;
    const message = `${position.file}:${position.line} has tlp red, and the feed ${key} belongs to another login: firewalls would get 403 for all of it; use amber (no approval lifts this)`;
    return { rule: 'red-in-feed-of-others', message };
  }
  return undefined;
}

/** A digest approves one plan. Another plan than the one seen is not applied, even where it would need no approval. */
function otherDigest({ approval }: SafetyInput, plan: Plan): Held | undefined {
  if (approval.digest === undefined || approval.digest === plan.digest) return undefined;
  const message = `the plan is not the one approved: its digest is ${plan.digest}, approved was ${approval.digest}; look at it again`;
  return { rule: 'other-plan', message };
}

function firstContact(
  { state, repository, unattended, approval, actual, now, otherOwners = [] }: SafetyInput,
  plan: Plan,
): Held | undefined {
  if (unattended || approval.yes || approval.digest === plan.digest) return undefined;
  if (state !== undefined && state.repository === repository) return undefined;
  const found = liveCount(actual, now);
  const why =
    state === undefined
      ? `owner ${plan.owner} never applied anything to ${plan.tenant} (${found} live judgements with its mark were found)${renamedFrom(otherOwners)}`
      : `${plan.tenant} was last written for owner ${plan.owner} from ${state.repository ?? 'no repository'}, this is ${repository ?? 'no repository'}`;
  return {
    rule: 'first-contact',
    message: `first contact: ${why}; if the plan is right, --yes or --digest ${plan.digest}`,
  };
}

/** Applied under a new name beside what the old one published, all of it would be foreign, and could be taken over no more. */
function renamedFrom(others: readonly string[]): string {
  const [first] = others;
  if (first === undefined) return '';
  return `, which ${others.join(', ')} did: if this is a new name of the same lists, rename-owner ${first} before anything is applied`;
}

/** A worker with a checkout that nobody updated would undo what a newer one applied. Going back on purpose is a commit, or forced. */
function olderCommit({ standing, state, approval }: SafetyInput, plan: Plan): Held | undefined {
  if (standing !== 'older' || isEmpty(plan) || approval.force || approval.digest === plan.digest) return undefined;
  return {
    rule: 'older-commit',
    message: `the lists are of ${plan.revision}, an older commit than the applied ${state?.revision}: update the checkout; if you mean to go back, --force or --digest ${plan.digest}`,
  };
}

/** Somebody rewrote the branch, or this is another one, or a checkout that was cut off: what it lacks nobody decided to drop. */
function otherHistory({ standing, state, approval }: SafetyInput, plan: Plan): Held | undefined {
  if ((standing !== 'apart' && standing !== 'unknown') || isEmpty(plan)) return undefined;
  if (approval.force || approval.digest === plan.digest) return undefined;
  const why =
    standing === 'apart'
      ? 'neither commit contains the other: a branch, or history that was rewritten'
      : 'it is not in this checkout: history was rewritten, or the checkout is shallow (git fetch --unshallow)';
  const message = `the lists are of ${plan.revision}, last applied was ${state?.revision}, and ${why}; if the plan is right, --force or --digest ${plan.digest}`;
  return { rule: 'other-history', message };
}

/** What is left out may be settings, whose owner and limits are others without them, or what lets values through. */
function partialCheckout({ leftOut = [], approval }: SafetyInput, plan: Plan): Held | undefined {
  const [first] = leftOut;
  if (first === undefined || isEmpty(plan) || approval.force || approval.digest === plan.digest) return undefined;
  const files = leftOut.length === 1 ? first : `${first} and ${leftOut.length - 1} more`;
  const message = `this checkout is partial: it leaves out ${files} of its commit (git sparse-checkout disable); if you mean that, --force or --digest ${plan.digest}`;
  return { rule: 'partial-checkout', message };
}

/** Too much at once, more than a firewall takes, or nothing at all: see over-limit.ts. */
function size(input: SafetyInput, plan: Plan, apart: Apart): Held[] {
  const { unattended, approval } = input;
  if (input.problems > 0 || unattended || approval.force || approval.digest === plan.digest) return [];
  return heldBySize(input, plan, apart);
}

function hasNoFile(list: string): boolean {
  return RESERVED_LISTS.some((reserved) => reserved === list);
}

/** A partial checkout or a moved folder looks like lists that were deleted. A renamed list is no loss: its values stay desired. */
function listVanished(
  { problems, desired, actual, now, lists, unattended, approval, released }: SafetyInput,
  plan: Plan,
): Held | undefined {
  if (problems > 0 || unattended || approval.force || approval.digest === plan.digest) return undefined;
  const gone = plan.changes.flatMap((change) => {
    if (change.feed && released.has(change.feed.channel)) return [];
    if (change.kind !== 'withdraw' || change.stored.links.length === 0 || !isLive(change.stored, now)) return [];
    const list = listOf(change.stored);
    return list === undefined || lists.has(list) || hasNoFile(list)
      ? []
      : [{ list, feed: change.feed, value: change.stored.observable.value }];
  });
  if (gone.length === 0) return undefined;
  const kept = new Set(
    [...desired.values()].map(({ channel, observable: { type, value } }) => `${feedKey({ channel, type })} ${value}`),
  );
  const lost = new Map<string, number>();
  for (const { list, feed, value } of gone) {
    // Without a feed of today where the last list of its channel is gone too.
    if (feed && kept.has(`${feedKey(feed)} ${value}`)) continue;
    lost.set(list, (lost.get(list) ?? 0) + 1);
  }
  if (lost.size === 0) return undefined;
  const total = liveCount(actual, now);
  const named = [...lost].map(([list, count]) => `${list} (${count})`).join(', ');
  return {
    rule: 'list-vanished',
    message: `lists that were applied are gone: ${named} of ${total} entries would leave their feeds; if you deleted them, --force or --digest ${plan.digest}`,
  };
}
