import type { CtiaClient } from '../../ctia/client.ts';
import { isCtiaError } from '../../ctia/error.ts';
import type { ImportResult } from '../../ctia/results.ts';
import { REFRESH_MS } from '../../ctia/retry.ts';
import { type Bundle, isTransient, type Plural } from '../../ctim/bundle.ts';
import { incidentPrefixes, isOwned } from '../../ctim/external-id.ts';
import type { ValidTime } from '../../ctim/judgement.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Built, Part } from './build.ts';
import { grow } from './grow.ts';
import { bundleOf, split } from './split.ts';

/** What became of one entity. */
export interface PartResult {
  readonly plural: Plural;
  readonly where: string;
  /** `updated`: it was there, and says now what was sent; only of sightings that grow. */
  readonly result: 'created' | 'updated' | 'exists' | 'error';
  readonly id?: string;
  readonly message?: string;
}

export interface Imported {
  readonly results: readonly PartResult[];
  readonly requests: number;
}

export interface ImportWork {
  readonly client: CtiaClient;
  readonly clock: Clock;
  readonly owner: string;
  /** Runs its argument as the only writer of this owner: imports side by side would make things twice. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal?: AbortSignal | undefined;
}

/** What CTIA ships; a tenant with another number says so, and is asked again with that. */
const ENTITIES_MAX = 2000;
/** An answer may leave entities out: they are sent again until they are known. */
const TRIES_MAX = 3;

/**
 * Sends what was built, in as few requests as its limit allows, one after the other: the ids of one are the ends of
 * relationships in the next. What was there before is `exists` and stays as it is. Sent again after whatever went wrong,
 * it goes on where it stopped.
 */
export async function importBuilt(work: ImportWork, built: Built, source: string): Promise<Imported> {
  const { client } = work;
  const before = client.requests.mutating;
  const results = new Map<string, ImportResult>();
  const written = new Map<string, string>();
  let max = ENTITIES_MAX;
  let left = [...built.parts];
  while (left.length > 0) {
    const sendable: Part[] = [];
    for (const part of left) {
      const why = blockedBy(part, results);
      if (why === undefined) sendable.push(part);
      else results.set(part.entity.id, refused(`not sent: ${why}`));
    }
    const [request] = split(sendable, max);
    if (request === undefined) break;
    try {
      await sendUntilKnown(work, request, source, results, written);
    } catch (error) {
      const fewer = isCtiaError(error, 'too-many') ? error.facts.entitiesMax : undefined;
      if (fewer === undefined || fewer < 1 || fewer >= max) throw error;
      max = fewer;
      continue;
    }
    left = sendable.filter(({ entity }) => !results.has(entity.id));
  }
  await mendDangling(work, built.parts, source, results, written);
  const ended = await endedAmong(client, built.parts, results);
  const grown = await grow(work, built.parts, results);
  return { results: toldResults(built, results, ended, grown), requests: client.requests.mutating - before };
}

/** Why a relationship cannot be made: an end of it was refused. */
function blockedBy({ plural, entity }: Part, results: ReadonlyMap<string, ImportResult>): string | undefined {
  if (plural !== 'relationships') return undefined;
  const end = [entity.source_ref, entity.target_ref].find((ref) => results.get(String(ref))?.result === 'error');
  return end === undefined ? undefined : `what it relates was refused (${String(end).replace('transient:', '')})`;
}

function refused(message: string): ImportResult {
  return { result: 'error', by: 'rules', message };
}

async function sendUntilKnown(
  { client, clock, owner, exclusively, signal }: ImportWork,
  request: readonly Part[],
  source: string,
  results: Map<string, ImportResult>,
  written: Map<string, string>,
): Promise<void> {
  let parts = request;
  for (let tries = 1; parts.length > 0; tries++) {
    const bundle = bundleOf(parts, source, written);
    let answers: ReadonlyMap<string, ImportResult>;
    try {
      answers = await exclusively(() => client.importIncident(bundle, incidentPrefixes(owner)));
    } catch (error) {
      const bad = isCtiaError(error, 'invalid') ? namedIn(error.facts.body, bundle) : new Map<string, string>();
      if (bad.size === 0) throw error;
      // Nothing was written: those that are named are told, the rest goes once more without them.
      for (const [id, message] of bad) results.set(id, refused(message));
      parts = parts.filter((part) => !bad.has(part.entity.id) && blockedBy(part, results) === undefined);
      continue;
    }
    for (const { entity } of parts) {
      const answer = answers.get(entity.id);
      if (answer === undefined) continue;
      results.set(entity.id, answer);
      if (answer.result !== 'error') written.set(entity.id, answer.id);
    }
    parts = parts.filter(({ entity }) => !results.has(entity.id));
    if (parts.length === 0) return;
    if (tries === TRIES_MAX) {
      for (const { entity } of parts) results.set(entity.id, refused('CTIA does not say what became of it; try again'));
      return;
    }
    await clock.sleep(REFRESH_MS, signal);
  }
}

/** A 400 that is about the form names positions: `{"errors": {"sightings": [null, {"severity": "…"}]}}`. */
function namedIn(body: unknown, bundle: Bundle): Map<string, string> {
  const named = new Map<string, string>();
  const errors = recordOf(recordOf(body)?.errors);
  for (const [plural, list] of Object.entries(errors ?? {})) {
    const sent = bundle[plural as Plural] as readonly { id: string }[] | undefined;
    if (!Array.isArray(list) || sent === undefined) continue;
    for (const [position, complaint] of list.entries()) {
      const id = sent[position]?.id;
      if (complaint !== null && id !== undefined)
        named.set(id, `refused as invalid: ${JSON.stringify(complaint).slice(0, 300)}`);
    }
  }
  return named;
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/**
 * A relationship that was there may point at what was deleted since, and made anew now: its external id is found, and
 * nothing is related. Such a one of ours is deleted and made again.
 */
async function mendDangling(
  work: ImportWork,
  parts: readonly Part[],
  source: string,
  results: Map<string, ImportResult>,
  written: Map<string, string>,
): Promise<void> {
  const { client, owner, exclusively } = work;
  const found = new Map<string, Part>();
  for (const part of parts) {
    const answer = results.get(part.entity.id);
    if (part.plural === 'relationships' && answer?.result === 'exists') found.set(answer.id, part);
  }
  const stored = await client.entitiesById('relationships', [...found.keys()]);
  const real = (ref: unknown) => (isTransient(String(ref)) ? written.get(String(ref)) : ref);
  const dangling = stored.found.filter(({ id, external_ids, source_ref, target_ref }) => {
    const wanted = found.get(id)?.entity;
    if (wanted === undefined || !isOwned(owner, external_ids)) return false;
    return source_ref !== real(wanted.source_ref) || target_ref !== real(wanted.target_ref);
  });
  if (dangling.length === 0) return;
  await exclusively(() => client.removeEntities({ relationships: dangling.map(({ id }) => id) }));
  const again = dangling.flatMap(({ id }) => found.get(id) ?? []);
  for (const { entity } of again) {
    results.delete(entity.id);
    written.delete(entity.id);
  }
  await sendUntilKnown(work, again, source, results, written);
}

/** A judgement that was there may have ended: it is found by its id, an import prolongs nothing, and the verdict is without it. */
async function endedAmong(
  client: CtiaClient,
  parts: readonly Part[],
  results: ReadonlyMap<string, ImportResult>,
): Promise<ReadonlyMap<string, string>> {
  const ids = parts.flatMap(({ plural, entity }) => {
    const answer = results.get(entity.id);
    return plural === 'judgements' && answer?.result === 'exists' ? [answer.id] : [];
  });
  const now = client.serverNow();
  const { found } = await client.entitiesById('judgements', ids);
  return new Map(
    found.flatMap(({ id, valid_time: times }) => {
      const { end_time: end } = times as ValidTime;
      const message = `it has ended (${end}) and an import prolongs nothing: give it another external id`;
      return Date.parse(end) <= now ? [[id, message] as const] : [];
    }),
  );
}

function toldResults(
  { parts, same }: Built,
  results: ReadonlyMap<string, ImportResult>,
  ended: ReadonlyMap<string, string>,
  grown: ReadonlySet<string>,
): PartResult[] {
  const told = (plural: Plural, where: string, answer: ImportResult): PartResult => {
    if (answer.result === 'error') return { plural, where, result: 'error', message: answer.message };
    const message = ended.get(answer.id);
    return { plural, where, result: answer.result, id: answer.id, ...(message !== undefined && { message }) };
  };
  const all = parts.map(({ plural, where, entity }): PartResult => {
    const one = told(plural, where, results.get(entity.id) ?? refused('not sent'));
    return grown.has(entity.id) ? { ...one, result: 'updated' } : one;
  });
  for (const { where, as } of same) {
    const part = parts.find(({ entity }) => entity.id === as);
    const answer = results.get(as);
    if (part === undefined || answer === undefined) continue;
    all.push(told(part.plural, where, answer.result === 'created' ? { ...answer, result: 'exists' } : answer));
  }
  return all;
}
