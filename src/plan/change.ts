import type { Entry } from '../ctim/entry.ts';
import type { Generation } from '../ctim/external-id.ts';
import type { FeedName } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import type { ActualJudgement, ActualLink } from './actual.ts';
import type { Taken } from './adopt.ts';

/**
 * One step for one observable. What each does in CTIA:
 *
 *   create    import judgement and link
 *   link      import the pair again with a new link: the judgement `exists`, its transient id resolves, the link is made
 *   adopt     replace what others made, and its links: ours from now on, where it is; see adopt.ts
 *   revive    replace a dead judgement whose link still stands: it is in its feed again, with its history
 *   change    replace a live judgement: other words, another end; it does not leave its feed
 *   renew     replace a live judgement with a later end and nothing else
 *   withdraw  replace a live judgement with an end just past
 *   unlink    delete a link of ours to an indicator that is not this entry's
 *   collect   delete a judgement that has long been dead, with its links: they cost every pull
 *
 * Where a tenant closes bulk PUT to us, revive, change and renew are done by succession: see succession.ts.
 */
export type Change =
  | {
      readonly kind: 'create';
      readonly feed: FeedName;
      readonly entry: Entry;
      readonly judgement: Generation;
      readonly link: Generation;
    }
  | {
      readonly kind: 'link';
      readonly feed: FeedName;
      readonly entry: Entry;
      readonly judgement: Generation;
      readonly link: Generation;
    }
  | {
      readonly kind: 'adopt';
      readonly feed: FeedName;
      readonly entry: Entry;
      /** Of what is made beside it where nothing may be replaced, or where it is gone. */
      readonly judgement: Generation;
      /** Of a link, where it has none. */
      readonly link: Generation;
      /** Goes on as this entry. Absent where one of ours does. */
      readonly stays?: Taken;
      readonly ends: readonly Taken[];
    }
  | {
      readonly kind: 'revive' | 'change';
      readonly feed: FeedName;
      readonly entry: Entry;
      readonly stored: ActualJudgement;
      /** The generation of a successor, should there have to be one. */
      readonly next: number;
    }
  | {
      readonly kind: 'renew';
      readonly feed: FeedName | undefined;
      /** Absent where no list was read: then what is stored says all. */
      readonly entry?: Entry;
      readonly stored: ActualJudgement;
      readonly lifetimeMs: number;
      readonly next: number;
    }
  | {
      readonly kind: 'withdraw';
      readonly feed: FeedName | undefined;
      readonly stored: ActualJudgement;
      /** Entries of the same observable in the same feed that this run makes: unless all are known live, this one stays. */
      readonly after: readonly string[];
      /** It ends no later than the one that stays: where it could only be ended one by one, it is left to lapse. */
      readonly lapses?: true;
    }
  | {
      readonly kind: 'unlink';
      readonly feed: FeedName;
      readonly h: string;
      readonly link: ActualLink;
      /** What it says it was of; absent where its judgement is gone. */
      readonly of?: { readonly observable: Observable; readonly list: string | undefined };
    }
  | { readonly kind: 'collect'; readonly feed: FeedName | undefined; readonly stored: ActualJudgement };

export type ChangeKind = Change['kind'];

/** The order of work: what would lapse, then what enters, then what leaves. Nothing leaves before what replaces it is known live. */
export const CHANGE_ORDER: readonly ChangeKind[] = [
  'renew',
  'create',
  'link',
  'adopt',
  'revive',
  'change',
  'withdraw',
  'unlink',
  'collect',
];

export type ChangeCounts = Readonly<Record<ChangeKind, number>>;

export function countChanges(changes: readonly Change[]): ChangeCounts {
  const counts = { create: 0, link: 0, adopt: 0, revive: 0, change: 0, renew: 0, withdraw: 0, unlink: 0, collect: 0 };
  for (const { kind } of changes) counts[kind] += 1;
  return counts;
}

/** Of changes that renew, and of nothing else. */
export function renewedCounts(renew: number): ChangeCounts {
  return { ...countChanges([]), renew };
}

export function addCounts(a: ChangeCounts, b: ChangeCounts): ChangeCounts {
  const { create, link, adopt, revive, change, renew, withdraw, unlink, collect } = b;
  return {
    create: a.create + create,
    link: a.link + link,
    adopt: a.adopt + adopt,
    revive: a.revive + revive,
    change: a.change + change,
    renew: a.renew + renew,
    withdraw: a.withdraw + withdraw,
    unlink: a.unlink + unlink,
    collect: a.collect + collect,
  };
}

export function hashOf(change: Change): string {
  switch (change.kind) {
    case 'create':
    case 'link':
    case 'adopt':
      return change.judgement.h;
    case 'unlink':
      return change.h;
    default:
      return change.stored.h;
  }
}
