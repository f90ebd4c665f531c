import type { CtiaClient } from '../../ctia/client.ts';
import type { StoredJudgement } from '../../ctia/stored.ts';
import type { AnyObservable } from '../../ctim/bundle.ts';
import { isIncidentPart, isOwned, isUnderSync, ownedId } from '../../ctim/external-id.ts';
import type { Disposition } from '../../ctim/judgement.ts';
import { isActive } from '../../ctim/verdict.ts';
import { isSame } from '../write/observables.ts';

/** Which judgements are meant. What is not said lets all through. */
export interface JudgementFilter {
  readonly observable?: AnyObservable | undefined;
  readonly type?: string | undefined;
  readonly source?: string | undefined;
  readonly disposition?: Disposition | undefined;
  /** A list of ours. */
  readonly list?: string | undefined;
  /** That end within so many ms. */
  readonly expiringMs?: number | undefined;
  /** Also those that have ended. */
  readonly ended: boolean;
  /** Also those of other organisations. */
  readonly all: boolean;
}

export interface Self {
  readonly owner: string;
  readonly organisation: string;
}

/** Every judgement that the filter lets through, page by page. The server narrows down; what counts is compared here, whole and with case. */
export async function* selectJudgements(
  client: CtiaClient,
  self: Self,
  filter: JudgementFilter,
): AsyncGenerator<StoredJudgement[]> {
  for await (const page of pagesFor(client, self, filter)) {
    const now = client.serverNow();
    yield page.filter((judgement) => matches(judgement, self, filter, now));
  }
}

/** A list's own are found by our mark; all others by what CTIA can filter by. */
function pagesFor(
  client: CtiaClient,
  { owner }: Self,
  { observable, type, source, disposition, list }: JudgementFilter,
): AsyncGenerator<StoredJudgement[]> {
  if (observable === undefined && list !== undefined) return client.pagesByExternalId('judgement', ownedId(owner));
  const words = [
    ...(observable === undefined ? [] : [`observable.value:${phrase(observable.value)}`]),
    ...(type === undefined && observable === undefined
      ? []
      : [`observable.type:${phrase(type ?? observable?.type ?? '')}`]),
  ];
  return client.searchPages('judgement', {
    ...(source !== undefined && { source }),
    ...(disposition !== undefined && { disposition: String(disposition) }),
    ...(words.length > 0 && { query: words.join(' AND ') }),
  });
}

function phrase(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function matches(judgement: StoredJudgement, self: Self, filter: JudgementFilter, now: number): boolean {
  const { observable, type, source, disposition, list, expiringMs, ended, all } = filter;
  const end = Date.parse(judgement.valid_time.end_time);
  return (
    (observable === undefined || isSame(judgement.observable, observable)) &&
    (type === undefined || judgement.observable.type === type) &&
    (source === undefined || judgement.source === source) &&
    (disposition === undefined || judgement.disposition === disposition) &&
    (list === undefined || listOf(self.owner, judgement) === list) &&
    (expiringMs === undefined || (end > now && end <= now + expiringMs)) &&
    (ended || end > now) &&
    (all || judgement.groups.includes(self.organisation))
  );
}

/** The list of ours that it was made for. */
export function listOf(
  owner: string,
  { externalIds, external_references: references }: StoredJudgement,
): string | undefined {
  const prefix = `${owner}/`;
  if (!isOwned(owner, externalIds) || !isUnderSync(owner, externalIds)) return undefined;
  return references.find(({ source_name: name }) => name.startsWith(prefix))?.source_name.slice(prefix.length);
}

/**
 * Why a person may not delete or end it without saying so twice:
 *
 *   under sync   the lists say it is there: the next run would make it again, or its journal would not know
 *   foreign      somebody else's
 */
export function whyNotTouch({ owner, organisation }: Self, judgement: StoredJudgement): string | undefined {
  const { externalIds, groups, source, observable } = judgement;
  if (isOwned(owner, externalIds) && groups.includes(organisation)) {
    if (isIncidentPart(owner, externalIds) && !isUnderSync(owner, externalIds)) return undefined;
    const list = listOf(owner, judgement);
    return `it is held by ${list === undefined ? 'a sync' : `list ${list}`}: take ${observable.value} out of the list, or say ctim-feeds remove ${observable.value}`;
  }
  return `it is not ours (made by ${judgement.owner ?? 'somebody else'}, source ${source})`;
}

/** How it stands now. */
export function standingOf(judgement: StoredJudgement, now: number): 'counts' | 'not begun' | 'ended' {
  if (isActive(judgement, now)) return 'counts';
  return Date.parse(judgement.valid_time.start_time) > now ? 'not begun' : 'ended';
}
