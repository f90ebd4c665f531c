import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bundleSchema } from './bundle-schema.ts';
import { IMPORT_BUNDLE, requireCapabilities } from './capability.ts';
import { type Collections, type Created, createAll, entriesOf } from './create-all.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { type Fault, leftOut } from './faults.ts';
import { isTransient, longId } from './ids.ts';
import { BUNDLE_KINDS, type Kind, type Submitted } from './kinds.ts';
import { operation } from './operation.ts';
import { parseQuery } from './query-string.ts';
import { shuffled } from './random.ts';
import { Refusal } from './refusal.ts';
import { text, texts } from './schema.ts';
import { parseOrRefuse } from './schema-error.ts';
import type { Caller } from './tokens.ts';

const bundleBody = bundleSchema(BUNDLE_KINDS);
const importQuery = z.object({ 'external-key-prefixes': z.string().optional() });

const imported = z.strictObject({
  results: z.array(
    z.strictObject({
      id: text.optional(),
      original_id: text.optional(),
      result: z.enum(['created', 'exists', 'error']),
      type: z.enum(BUNDLE_KINDS.map(({ name }) => name)),
      external_ids: texts.optional(),
      error: z.union([text, z.looseObject({ type: text })]).optional(),
      msg: text.optional(),
    }),
  ),
});

/** `/ctia/bundle`: the one write that looks for what is there already. */
export function bundleRoutes(app: FastifyInstance, ctia: Ctia): void {
  const importing = {
    tag: 'bundle',
    summary: 'Create what is not there yet',
    query: importQuery,
    body: bundleBody,
    answer: imported,
  };
  app.post('/ctia/bundle/import', operation(importing), (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, IMPORT_BUNDLE);
    const { 'external-key-prefixes': prefixes } = parseQuery(importQuery, request.query);
    const bundle = distinct(parseOrRefuse(bundleBody, request.body));
    const total = Object.values(bundle).reduce((sum, list) => sum + (list?.length ?? 0), 0);
    if (total > ctia.bulkMax) throw new Refusal(400, `Bundle max nb of entities: ${ctia.bulkMax}`);
    const wanted = prefixes?.split(',').map((prefix) => prefix.trim());
    const results = ctia.store.transaction(() => importBundle(ctia, bundle, wanted, caller, request.fault));
    return reply.send({ results });
  });
}

/**
 * Collections are sets: exact duplicates collapse. Two entities that only share an external id do not, and are both
 * created. Only what shares its id, or has none, can have an equal: writing a thousand pairs out again just to see that
 * they differ is dear.
 */
function distinct(bundle: Readonly<Record<string, unknown>>): Collections {
  const sets: Record<string, unknown[]> = {};
  for (const { plural } of BUNDLE_KINDS) {
    const list = bundle[plural] as readonly Submitted[] | undefined;
    if (list === undefined) continue;
    const ids = new Set(list.map(({ id }) => id));
    const allDiffer = ids.size === list.length && !ids.has(undefined);
    sets[plural] = allDiffer
      ? [...list]
      : [...new Map(list.map((document) => [JSON.stringify(ordered(document)), document])).values()];
  }
  return sets;
}

/** With keys in one order, so that equal documents are equal texts. Of open fields the schema leaves them as they came. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, ordered(item)]));
}

function importBundle(
  ctia: Ctia,
  bundle: Collections,
  prefixes: readonly string[] | undefined,
  caller: Caller,
  fault: Fault | undefined,
): object[] {
  const tempids = new Map<string, string>();
  const results: object[] = [];
  const toCreate: Record<string, Submitted[]> = {};
  for (const [kind, documents] of entriesOf<Submitted>(bundle)) {
    const keys = documents.map((document) => keptIds(document, prefixes));
    const existing = ctia.documents.findExternal(kind.name, [...new Set(keys.flat())], caller);
    const fresh: Submitted[] = [];
    for (const [i, document] of documents.entries()) {
      const match = keys[i]?.map((key) => existing.get(key)).find((shortId) => shortId !== undefined);
      if (match === undefined) {
        fresh.push(document);
        continue;
      }
      const id = longId(ctia.url(), match);
      // Known before anything is created, so new relationships may point at what exists through transient ids.
      if (document.id !== undefined && isTransient(document.id)) tempids.set(document.id, id);
      results.push(told(kind, document, prefixes, { id, result: 'exists' }));
    }
    toCreate[kind.plural] = fresh;
  }
  // Import always waits for the refresh.
  const created = createAll(ctia, toCreate, caller, tempids, 'at once', fault);
  for (const [kind, list] of created.results) {
    for (const one of list) results.push(told(kind, one.submitted, prefixes, outcome(one)));
  }
  // CTIA groups by kind, each in no order to rely on; here all are mixed.
  const mixed = shuffled(results, ctia.random);
  return mixed.slice(0, Math.max(0, mixed.length - leftOut(fault, 'bundle')));
}

function outcome({ longId: id, failure }: Created): object {
  if (failure === undefined) return { id, result: 'created' };
  const { error, msg } = failure;
  // Of a failure of the store only its type is told: no index names, no infrastructure.
  const reduced = typeof error === 'object' && error !== null && 'type' in error ? { type: error.type } : error;
  return { result: 'error', error: reduced, ...(msg === undefined ? {} : { msg }) };
}

function told(kind: Kind, document: Submitted, prefixes: readonly string[] | undefined, outcome: object): object {
  const externalIds = keptIds(document, prefixes);
  return {
    ...outcome,
    ...(document.id !== undefined && isTransient(document.id) ? { original_id: document.id } : {}),
    type: kind.name,
    ...(externalIds.length === 0 ? {} : { external_ids: externalIds }),
  };
}

function keptIds(document: Submitted, prefixes: readonly string[] | undefined): string[] {
  const externalIds = document.external_ids ?? [];
  if (prefixes === undefined) return externalIds;
  return externalIds.filter((id) => prefixes.some((prefix) => id.startsWith(prefix)));
}
