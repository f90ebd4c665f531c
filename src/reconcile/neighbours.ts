import type { CtiaClient } from '../ctia/client.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import type { Entry, RESERVED_LISTS } from '../ctim/entry.ts';
import { entryHash } from '../ctim/external-id.ts';
import { allowChannelsOf, type Channel } from '../ctim/feed.ts';
import { type Observable, sameObservable } from '../ctim/observable.ts';
import { around, rangeOf } from '../lists/address.ts';
import { parentsOf } from '../lists/domain.ts';
import { makePrecedence } from '../lists/precedence.ts';
import { type ActualJudgement, isLive, listOf, listPlaceOf } from '../plan/actual.ts';
import { channelByHash } from '../plan/hold.ts';
import { actualJudgement, type Self } from './actual.ts';

/**
 * What we hold, live, of one observable and of those that a firewall takes for it: ranges around an address, names above a
 * name. Found by a few requests, without a list and without reading everything.
 */
export interface Neighbours {
  readonly same: readonly ActualJudgement[];
  readonly wider: readonly ActualJudgement[];
}

export async function neighboursOf(client: CtiaClient, self: Self, observable: Observable): Promise<Neighbours> {
  const values = [observable.value, ...widerThan(observable)];
  const found = await client.judgementsOnAny(observable.type, values);
  const now = client.serverNow();
  const those = liveAndOurs(self, found, now).filter((it) => it.observable.type === observable.type);
  return {
    same: those.filter((it) => sameObservable(it.observable, observable)),
    wider: those.filter((it) => values.includes(it.observable.value) && !sameObservable(it.observable, observable)),
  };
}

function widerThan(observable: Observable): string[] {
  if (observable.type === 'domain') {
    const name = observable.value.replace(/^\*\./, '');
    return parentsOf(name).flatMap((parent) => [parent, `*.${parent}`]);
  }
  const range = rangeOf(observable);
  return range === undefined ? [] : around(range);
}

/** What is allowed of what this entry would block: all of it, or something that it would block too. */
export async function allowedAround(
  client: CtiaClient,
  self: Self,
  channels: readonly Channel[],
  block: Entry,
): Promise<readonly ActualJudgement[]> {
  const { observable } = block;
  const allows = allowChannelsOf(channels);
  const { same, wider } = await neighboursOf(client, self, observable);
  const holdsOthers = observable.type === 'domain' || observable.value.includes('/');
  const inside = holdsOthers
    ? liveAndOurs(self, await client.cleanJudgements(observable.type), client.serverNow())
    : [];
  const found = new Map([...same, ...wider, ...inside].map((judgement) => [judgement.id, judgement]));
  return [...found.values()].filter((it) => {
    if (channelByHash(allows, it) === undefined) return false;
    const { published, problems } = makePrecedence([], [it.observable])(block);
    return !published || problems.length > 0;
  });
}

function liveAndOurs(self: Self, stored: readonly StoredJudgement[], now: number): ActualJudgement[] {
  return stored
    .flatMap((one) => actualJudgement(self, one, [], (words) => words) ?? [])
    .filter((judgement) => isLive(judgement, now));
}

/** Made by hand: of this list, for one of these channels. */
export function isReserved(
  { h, observable }: ActualJudgement,
  channels: readonly Channel[],
  list: (typeof RESERVED_LISTS)[number],
): boolean {
  return channels.some(({ name }) => entryHash(name, list, observable) === h);
}

/** `list tor (feeds/tor.yaml:12)`. */
export function placeOf(judgement: ActualJudgement): string {
  return `list ${listOf(judgement) ?? 'unknown'} (${listPlaceOf(judgement) ?? 'place unknown'})`;
}
