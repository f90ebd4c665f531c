import type { Entry } from '../ctim/entry.ts';
import type { FeedName } from '../ctim/feed.ts';
import { listOf } from './actual.ts';
import { takenIds } from './adopt.ts';
import type { Change } from './change.ts';
import type { Overview } from './overview.ts';

/** A plan for programs, as `docs/plan.schema.json` has it. Nothing of how we hold it inside: that may change, this may only grow. */
export function planJson(overview: Overview): object {
  const { plan, radius, space, headroom, estimate, findings, notices, against } = overview;
  return {
    version: 1,
    owner: plan.owner,
    tenant: plan.tenant,
    revision: plan.revision,
    digest: plan.digest,
    held: plan.held.map(({ rule, message }) => ({ rule, message })),
    counts: plan.counts,
    unchanged: plan.unchanged,
    feeds: plan.feeds.map(({ feed, entries, enters, leaves }) => ({ feed, entries, enters, leaves })),
    makings: plan.makings.map(({ feed, what }) => ({ feed, what })),
    changes: plan.changes.map(changeJson),
    blast_radius: radius.map(({ feed, value, list, addresses }) => ({
      feed,
      value,
      list,
      addresses: String(addresses),
    })),
    address_space: space.map(({ feed, addresses }) => ({ feed, addresses: String(addresses) })),
    consumers: headroom.map((row) => ({
      feed: row.feed,
      consumer: row.consumer,
      entries: row.entries,
      entries_max: row.entriesMax ?? null,
      bytes: row.bytes ?? null,
      bytes_max: row.bytesMax ?? null,
      share: row.share,
    })),
    estimate: {
      requests: estimate.requests,
      mutating: estimate.mutating,
      one_by_one: estimate.oneByOne,
      requests_per_hour: estimate.requestsPerHour,
      hours: estimate.hours,
    },
    findings: findings.map(({ severity, code, message, file, line, column }) => {
      return { severity, code, message, file, line, column };
    }),
    notices,
    against: against ?? null,
  };
}

/** What is not known of a change is null, so that each has the same keys. */
function changeJson(change: Change) {
  const stored = 'stored' in change ? change.stored : undefined;
  const entry = 'entry' in change ? change.entry : undefined;
  const feed: FeedName | undefined = change.feed;
  return {
    kind: change.kind,
    feed: feed ?? null,
    observable: entry?.observable ?? stored?.observable ?? null,
    list: entry?.list ?? (stored && listOf(stored)) ?? null,
    position: entry?.position ?? null,
    ...wordsJson(entry),
    takes_over: change.kind === 'adopt' ? takenIds(change) : null,
    until: stored ? new Date(stored.end).toISOString() : null,
    id: change.kind === 'unlink' ? change.link.id : (stored?.id ?? null),
  };
}

function wordsJson(entry: Entry | undefined) {
  const { lifetime, reason, ticket } = entry?.terms ?? {};
  return { lifetime: lifetime?.text ?? null, reason: reason ?? null, ticket: ticket ?? null };
}
