import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mayRead, mayWrite } from './access.ts';
import { byPlural, storedOf } from './answers.ts';
import {
  CREATE_EVERY_BULK_KIND,
  DELETE_EVERY_BULK_KIND,
  PATCH_BULK,
  READ_EVERY_BULK_KIND,
  requireCapabilities,
} from './capability.ts';
import { type Collections, createAll, entriesOf } from './create-all.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { type Fault, failsEntity, leftOut } from './faults.ts';
import { shortIdOf } from './ids.ts';
import { BULK_KINDS, type Kind, type Stored, type Submitted } from './kinds.ts';
import { type Operation, operation } from './operation.ts';
import { patched } from './patch.ts';
import { parseQuery, waitQuery } from './query-string.ts';
import { shuffled } from './random.ts';
import { realize } from './realize.ts';
import { Refusal } from './refusal.ts';
import { text, texts } from './schema.ts';
import { parseOrRefuse } from './schema-error.ts';
import type { Caller } from './tokens.ts';
import { invalidRefusal, visibility } from './writes.ts';

const PLURALS = BULK_KINDS.map(({ plural }) => plural);

/** `/ctia/bulk`: many entities of several kinds in one request. */
export function bulkRoutes(app: FastifyInstance, ctia: Ctia): void {
  const createBody = bodyOf((kind) => kind.schema);
  const replaceBody = bodyOf((kind) => withId(kind.schema));
  const patchBody = bodyOf((kind) => kind.patchSchema && withId(kind.patchSchema));
  const idsBody = bodyOf(() => z.string());
  const told = (summary: string, more: Partial<Operation>) => operation({ tag: 'bulk', summary, ...more });
  const operations = {
    post: told('Create many', { query: waitQuery, body: createBody, status: 201, answer: created }),
    get: told('Read many by id', { query: idsBody, answer: read }),
    put: told('Replace many', { query: waitQuery, body: replaceBody, answer: updated }),
    patch: told('Change parts of many', { query: waitQuery, body: patchBody, answer: updated }),
    delete: told('Delete many by id', { query: waitQuery, body: idsBody, answer: deleted }),
  };

  app.post('/ctia/bulk', operations.post, (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, CREATE_EVERY_BULK_KIND);
    const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
    const body = parseOrRefuse(createBody, request.body);
    refuseTooMany(ctia, body);
    const { results, tempids } = ctia.store.transaction(() =>
      createAll(ctia, body, caller, new Map(), visibility(waitFor), request.fault),
    );
    const arrays = [...results].map(([kind, list]) => {
      const answers = list.map((result) => result.longId ?? result.failure);
      return [kind.plural, answers.slice(0, Math.max(0, answers.length - leftOut(request.fault, kind.name)))];
    });
    // Success whatever became of the entities, even if every one of them failed.
    return reply.code(201).send({
      ...Object.fromEntries(arrays),
      ...(tempids.size === 0 ? {} : { tempids: Object.fromEntries(tempids) }),
    });
  });

  app.get('/ctia/bulk', operations.get, (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, READ_EVERY_BULK_KIND);
    const asked = parseQuery(idsBody, request.query, PLURALS);
    refuseTooMany(ctia, asked);
    const answer: Record<string, unknown> = {};
    for (const [kind, ids] of entriesOf<string>(asked)) {
      const found = [...ctia.documents.texts(kind.name, shortIds(ids)).values()].map(
        (text) => JSON.parse(text) as Stored,
      );
      if (found.length === 0) continue;
      answer[kind.plural] = shuffled(found, ctia.random).map((stored) => (mayRead(caller, stored) ? stored : null));
    }
    return reply.send(answer);
  });

  app.put('/ctia/bulk', operations.put, (request, reply) => {
    requireCapabilities(callerOf(request), CREATE_EVERY_BULK_KIND);
    return reply.send(change(ctia, request, replaceBody, (document) => document));
  });

  app.patch('/ctia/bulk', operations.patch, (request, reply) => {
    requireCapabilities(callerOf(request), PATCH_BULK);
    return reply.send(change(ctia, request, patchBody, (part, previous) => patched(previous, part)));
  });

  app.delete('/ctia/bulk', operations.delete, (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, DELETE_EVERY_BULK_KIND);
    const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
    const body = parseOrRefuse(idsBody, request.body);
    refuseTooMany(ctia, body);
    const answer: Record<string, unknown> = {};
    ctia.store.transaction(() => {
      for (const [kind, ids] of entriesOf<string>(body)) {
        const { good, errors } = sorted(ctia, kind, ids, caller, request.fault);
        ctia.refresh.write(
          { remove: { type: kind.name, ids: shortIds(good.map(({ id }) => id)) } },
          visibility(waitFor),
        );
        answer[kind.plural] = outcome(
          ctia,
          'deleted',
          good.map(({ stored }) => stored.id),
          errors,
        );
      }
    });
    return reply.send(answer);
  });
}

const failed = z.looseObject({ error: z.union([text, z.looseObject({ type: text })]) });
const errors = z.strictObject({ 'not-found': texts, forbidden: texts, 'internal-error': texts }).partial();
const created = z.strictObject({
  ...byPlural(BULK_KINDS, () => z.array(z.union([text, failed]))),
  tempids: z.record(text, text).optional(),
});
const read = z.strictObject(byPlural(BULK_KINDS, (kind) => z.array(storedOf(kind).nullable())));
const updated = z.strictObject(byPlural(BULK_KINDS, () => z.strictObject({ updated: texts, errors }).partial()));
const deleted = z.strictObject(byPlural(BULK_KINDS, () => z.strictObject({ deleted: texts, errors }).partial()));

/** PUT and PATCH. */
function change(
  ctia: Ctia,
  request: FastifyRequest,
  schema: z.ZodType<Collections>,
  wholeOf: (submitted: Submitted, previous: Stored) => Submitted,
): object {
  const caller = callerOf(request);
  const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
  const body = parseOrRefuse(schema, request.body);
  refuseTooMany(ctia, body);
  const answer: Record<string, unknown> = {};
  let refusal: Refusal | undefined;
  ctia.store.transaction(() => {
    for (const [kind, documents] of entriesOf<Submitted>(body)) {
      const outcome = changeAll(ctia, kind, documents, wholeOf, caller, request.fault);
      // One bad document fails all of its kind, and the request; the other kinds are written all the same.
      if (outcome.refusal !== undefined) refusal ??= outcome.refusal;
      else {
        ctia.refresh.write({ put: outcome.stored }, visibility(waitFor));
        answer[kind.plural] = outcome.answer;
      }
    }
  });
  if (refusal !== undefined) throw refusal;
  return answer;
}

/** Counted over all kinds. The bare text is CTIA's; clients read the number from it. */
function refuseTooMany(ctia: Ctia, body: Collections): void {
  const total = Object.values(body).reduce((sum, list) => sum + (list?.length ?? 0), 0);
  if (total > ctia.bulkMax) throw new Refusal(400, `Bulk max number of entities: ${ctia.bulkMax}`);
}

/** Kinds without an element are disallowed keys. */
function bodyOf(elementOf: (kind: Kind) => z.ZodType | undefined): z.ZodType<Collections> {
  const shape = BULK_KINDS.flatMap((kind) => {
    const element = elementOf(kind);
    return element === undefined ? [] : [[kind.plural, z.array(element).optional()] as const];
  });
  return z.strictObject(Object.fromEntries(shape));
}

function withId(schema: z.ZodType<Submitted>): z.ZodType {
  return schema instanceof z.ZodObject ? schema.extend({ id: z.string() }) : schema;
}

interface Errors {
  'not-found': string[];
  forbidden: string[];
  'internal-error': string[];
}

function changeAll(
  ctia: Ctia,
  kind: Kind,
  documents: Submitted[],
  wholeOf: (submitted: Submitted, previous: Stored) => Submitted,
  caller: Caller,
  fault: Fault | undefined,
) {
  const byId = new Map<string, Submitted>();
  // Of an id that comes twice only the first document is used.
  for (const document of documents) if (!byId.has(document.id ?? '')) byId.set(document.id ?? '', document);
  const { good, errors } = sorted(ctia, kind, [...byId.keys()], caller, fault);
  const previous = new Map(good.map(({ id, stored }) => [id, stored]));
  const stored: Stored[] = [];
  const now = ctia.clock.now();
  for (const [id, submitted] of byId) {
    const before = previous.get(id);
    // Whether CTIA looks at documents whose id it does not find is not certain; here it does, the stricter reading.
    const whole = before === undefined ? submitted : wholeOf(submitted, before);
    const realized = realize(kind, whole, before?.id ?? id, caller, now, before);
    if ('invalid' in realized) return { refusal: invalidRefusal(realized.invalid) };
    if (before !== undefined) stored.push(realized.stored);
  }
  const updated = stored.map(({ id }) => id);
  return { stored, answer: outcome(ctia, 'updated', updated, errors) };
}

/** Ids told apart: not found is also what the caller may not read; forbidden is what it may read and not write. */
function sorted(ctia: Ctia, kind: Kind, ids: readonly string[], caller: Caller, fault: Fault | undefined) {
  const texts = ctia.documents.texts(kind.name, shortIds(ids));
  const good: { id: string; stored: Stored }[] = [];
  const errors: Errors = { 'not-found': [], forbidden: [], 'internal-error': [] };
  const seen = new Set<string>();
  for (const [position, id] of ids.entries()) {
    const shortId = shortIdOf(id);
    const text = shortId === undefined ? undefined : texts.get(shortId);
    const stored = text === undefined ? undefined : (JSON.parse(text) as Stored);
    if (stored === undefined || !mayRead(caller, stored)) errors['not-found'].push(id);
    else if (!mayWrite(caller, stored)) errors.forbidden.push(id);
    else if (failsEntity(fault, kind.name, position)) errors['internal-error'].push(id);
    else if (!seen.has(stored.id)) {
      seen.add(stored.id);
      good.push({ id, stored });
    }
  }
  return { good, errors };
}

/** Keys without content are absent, and the order of ids says nothing. */
function outcome(ctia: Ctia, done: 'updated' | 'deleted', ids: readonly string[], errors: Errors): object {
  const told = Object.entries(errors).filter(([, list]) => list.length > 0);
  return {
    ...(ids.length === 0 ? {} : { [done]: shuffled(ids, ctia.random) }),
    ...(told.length === 0 ? {} : { errors: Object.fromEntries(told) }),
  };
}

function shortIds(ids: readonly string[]): string[] {
  return ids.flatMap((id) => shortIdOf(id) ?? []);
}
