import type { CtiaClient } from '../../ctia/client.ts';
import type { StoredJudgement } from '../../ctia/stored.ts';
import type { AnyObservable } from '../../ctim/bundle.ts';
import { byWeight, isActive } from '../../ctim/verdict.ts';
import { keyOfAny } from '../write/observables.ts';

/** What a tenant says of one observable. */
export interface Opinion {
  readonly observable: AnyObservable;
  /** The judgement that decides, as CTIA's own verdict would have it. */
  readonly decides: StoredJudgement | undefined;
  /** All on it, the weightiest first; those that do not count now (ended, not begun) last. */
  readonly judgements: readonly StoredJudgement[];
}

/**
 * The verdicts on many observables, in one request for some forty of a type: all judgements on them are read, and CTIA's rule
 * is applied here. Its own route answers for one observable at a time, and folds case: `/A` and `/a` would be one URL.
 */
export async function lookUp(
  client: CtiaClient,
  observables: Iterable<AnyObservable>,
): Promise<ReadonlyMap<string, Opinion>> {
  const asked = new Map<string, AnyObservable>();
  for (const observable of observables) asked.set(keyOfAny(observable), observable);
  const judgements = new Map<string, StoredJudgement[]>();
  const byType = new Map<string, string[]>();
  for (const { type, value } of asked.values()) byType.get(type)?.push(value) ?? byType.set(type, [value]);
  for (const [type, values] of byType) {
    for (const judgement of await client.judgementsOnAny(type, values)) {
      const key = keyOfAny(judgement.observable);
      judgements.set(key, [...(judgements.get(key) ?? []), judgement]);
    }
  }
  const now = client.serverNow();
  return new Map([...asked].map(([key, observable]) => [key, opinion(observable, judgements.get(key) ?? [], now)]));
}

function opinion(observable: AnyObservable, judgements: readonly StoredJudgement[], now: number): Opinion {
  const speaking = judgements.filter((it) => isActive(it, now)).sort(byWeight);
  const silent = judgements.filter((it) => !isActive(it, now)).sort(byEnd);
  return { observable, decides: speaking[0], judgements: [...speaking, ...silent] };
}

function byEnd(a: StoredJudgement, b: StoredJudgement): number {
  return a.valid_time.end_time < b.valid_time.end_time ? 1 : -1;
}
