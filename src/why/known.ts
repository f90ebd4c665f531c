import type { Entry } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import type { Problem } from '../ctim/problem.ts';
import type { HistoryRow } from './history.ts';
import type { KnownFeed, KnownJudgement } from './judgements.ts';

/** Everything that is known of one observable now, for a person who is asked why it is blocked, or why not. */
export interface Why {
  readonly observable: Observable;
  /** `unknown`: CTIA could not be asked; what lists, guards and journal say is told all the same. */
  readonly answer: 'blocked' | 'blocked-by-wider' | 'not-blocked' | 'unknown';
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
  /** Why CTIA was not asked. Then feeds, judgements of others and the verdict are not known, whatever stands here. */
  readonly not_asked: string | null;
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
  /** Where it is known from; of an attacker the incident that tells of it. */
  readonly source_uri: string | null;
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
  /** The feed that it is in now, or the list that names it, with the line. */
  readonly feed?: string;
  readonly list?: string;
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
  readonly journalBegins: number | undefined;
  /** Why CTIA was not asked, where that is so. */
  readonly notAsked?: string | undefined;
  readonly notices: readonly string[];
}
