import { isRecord } from '../ctia/answer.ts';
import { type CtiaError, isCtiaError } from '../ctia/error.ts';
import type { BulkResult } from '../ctia/results.ts';
import { REFRESH_MS } from '../ctia/retry.ts';
import type { LinkDocument } from '../ctim/feed.ts';
import type { JudgementDocument } from '../ctim/judgement.ts';
import type { ApplyContext } from './apply.ts';

/** What a PUT made of one document. */
export type Fate = 'done' | 'gone' | 'forbidden' | 'unknown' | { readonly refused: string };

export const judgementsPut = ({ client }: ApplyContext): Put<JudgementDocument> => ({
  kind: 'judgements',
  send: client.replace,
});

export const linksPut = ({ client }: ApplyContext): Put<LinkDocument & { id?: string }> => ({
  kind: 'relationships',
  send: client.replaceLinks,
});

export interface Put<D> {
  readonly kind: 'judgements' | 'relationships';
  send(documents: D[]): Promise<BulkResult>;
}

/**
 * Sends whole documents, at most as many at once as the tenant takes, and tells by id what became of each. One bad document
 * is a 400 for all of them: the one that it names is taken out and the rest goes again; where none is named, in halves.
 */
export async function putDocuments<D extends { id?: string }>(
  context: ApplyContext,
  put: Put<D>,
  documents: readonly D[],
): Promise<ReadonlyMap<string, Fate>> {
  const fates = new Map<string, Fate>();
  for (const part of parts(documents, context.entitiesMax)) await putOnce(context, put, part, fates);
  return fates;
}

const ROUNDS_MAX = 4;

/** What CTIA does not tell of goes again, after the refresh: that changes nothing where it was written. */
export async function putUntilKnown<D extends { id?: string }>(
  context: ApplyContext,
  put: Put<D>,
  documents: readonly D[],
): Promise<ReadonlyMap<string, Fate>> {
  const fates = new Map<string, Fate>();
  let waiting = documents;
  for (let round = 1; waiting.length > 0 && round <= ROUNDS_MAX; round += 1) {
    if (round > 1) await context.clock.sleep(REFRESH_MS, context.signal);
    for (const [id, fate] of await putDocuments(context, put, waiting)) fates.set(id, fate);
    waiting = waiting.filter(({ id = '' }) => fates.get(id) === 'unknown');
  }
  return fates;
}

async function putOnce<D extends { id?: string }>(
  context: ApplyContext,
  put: Put<D>,
  documents: readonly D[],
  fates: Map<string, Fate>,
): Promise<void> {
  if (documents.length === 0) return;
  try {
    const { done, forbidden, notFound } = await put.send([...documents]);
    for (const { id = '' } of documents) {
      if (done.has(id)) fates.set(id, 'done');
      else if (forbidden.has(id)) fates.set(id, 'forbidden');
      else fates.set(id, notFound.has(id) ? 'gone' : 'unknown');
    }
  } catch (error) {
    if (isCtiaError(error, 'too-many') && error.facts.entitiesMax !== undefined && documents.length > 1) {
      context.learnEntitiesMax(error.facts.entitiesMax);
      for (const part of parts(documents, error.facts.entitiesMax)) await putOnce(context, put, part, fates);
      return;
    }
    if (!isCtiaError(error, 'invalid')) throw error;
    await withoutInvalid(context, put, documents, error, fates);
  }
}

async function withoutInvalid<D extends { id?: string }>(
  context: ApplyContext,
  put: Put<D>,
  documents: readonly D[],
  error: CtiaError,
  fates: Map<string, Fate>,
): Promise<void> {
  const bad = new Map(invalidPositions(error, put.kind).map(([n, why]) => [documents[n]?.id, why]));
  const named = namedEntity(error);
  if (named !== undefined) bad.set(named, error.message);
  const good = documents.filter(({ id }) => !bad.has(id));
  if (good.length < documents.length) {
    for (const { id = '' } of documents) {
      const why = bad.get(id);
      if (why !== undefined) fates.set(id, { refused: why });
    }
    return putOnce(context, put, good, fates);
  }
  if (documents.length === 1) {
    for (const { id = '' } of documents) fates.set(id, { refused: error.message });
    return;
  }
  for (const half of parts(documents, Math.ceil(documents.length / 2))) await putOnce(context, put, half, fates);
}

/** A spec or tlp error carries the document as `entity`, a realization error as `judgement`. */
function namedEntity({ facts: { body } }: CtiaError): string | undefined {
  if (!isRecord(body)) return undefined;
  const entity = isRecord(body.entity) ? body.entity : body.judgement;
  return isRecord(entity) && typeof entity.id === 'string' ? entity.id : undefined;
}

const WHY_MAX = 200;

/** The positions that a 400 `{"errors": {"judgements": [null, {…}]}}` names, with what it says of each. */
export function invalidPositions(error: CtiaError, kind: 'judgements' | 'relationships'): [number, string][] {
  const { body } = error.facts;
  const errors = isRecord(body) && isRecord(body.errors) ? body.errors[kind] : undefined;
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((item, n): [number, string][] =>
    item === null ? [] : [[n, `CTIA refused it: ${JSON.stringify(item).slice(0, WHY_MAX)}`]],
  );
}

export function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
