import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mayRead, readableSql } from './access.ts';
import { byPlural as collectionsOf, storedOf } from './answers.ts';
import { EXPORT_BUNDLE, requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { text } from './documents.ts';
import { hostnameOf, shortIdOf } from './ids.ts';
import { BULK_KINDS, KINDS, type Kind, type Stored } from './kinds.ts';
import { others } from './matching.ts';
import { operation } from './operation.ts';
import { names, parseQuery, truth } from './query-string.ts';
import { shuffled } from './random.ts';
import { parseOrRefuse } from './schema-error.ts';

type End = 'source_ref' | 'target_ref';
const ENDS: readonly End[] = ['source_ref', 'target_ref'];

/** What a relationship may be asked to come from or lead to: anything but a relationship. */
const KIND_NAMES = KINDS.map(({ name }) => name).filter((name) => name !== 'relationship');
const options = {
  related_to: z.array(z.enum(ENDS)).optional(),
  source_type: names(KIND_NAMES).optional(),
  target_type: names(KIND_NAMES).optional(),
  include_related_entities: truth.optional(),
};
const LISTS = ['ids', 'related_to', 'source_type', 'target_type'];
const idList = z.array(z.string());
const getQuery = z.strictObject({ ids: idList, ...options });
// CTIA closes this query string too, unlike that of its other POST routes.
const postQuery = z.strictObject(options);
const postBody = z.strictObject({ ids: idList });

type Options = z.infer<typeof postQuery>;

const answer = z.strictObject({
  type: z.literal('bundle'),
  source: z.literal('ctia'),
  ...collectionsOf(BULK_KINDS, (kind) => z.array(storedOf(kind))),
});

/** Of each id at most so many relationships, the newest first. */
const RELATIONSHIPS_MAX = 1000;
/** So many documents are read before other requests have their turn. */
const SLICE = 250;

/**
 * Entities by id, with the relationships that lead from or to them, and what stands at the other ends, as a bundle. GET and
 * POST say the same. What is unknown, deleted or not readable is left out; a relationship to it stays.
 */
export function bundleExportRoutes(app: FastifyInstance, ctia: Ctia): void {
  const exporting = { tag: 'bundle', summary: 'Entities with what they are related to', answer };

  app.get('/ctia/bundle/export', operation({ ...exporting, query: getQuery }), (request) => {
    requireCapabilities(callerOf(request), EXPORT_BUNDLE);
    const { ids, ...asked } = parseQuery(getQuery, request.query, LISTS);
    return exported(ctia, request, ids, asked);
  });

  app.post('/ctia/bundle/export', operation({ ...exporting, query: postQuery, body: postBody }), (request) => {
    requireCapabilities(callerOf(request), EXPORT_BUNDLE);
    const asked = parseQuery(postQuery, request.query, LISTS);
    return exported(ctia, request, parseOrRefuse(postBody, request.body).ids, asked);
  });
}

async function exported(ctia: Ctia, request: FastifyRequest, ids: readonly string[], asked: Options): Promise<object> {
  const found = new Map<string, Stored>();
  const keep = (documents: readonly Stored[]) => {
    for (const document of documents) found.set(document.id, document);
  };
  keep(await readable(ctia, request, ids));
  if (asked.include_related_entities !== false) {
    const roots = new Set([...found.keys()].map((id) => shortIdOf(id)));
    const ends = new Set<string>();
    for (const id of new Set(ids)) {
      if (!roots.has(shortIdOf(id))) continue;
      const relationships = await relationshipsOf(ctia, request, id, asked);
      keep(relationships);
      for (const { source_ref: source, target_ref: target } of relationships) ends.add(source).add(target);
    }
    keep(await readable(ctia, request, [...ends].filter(isLocal(ctia))));
  }
  return { type: 'bundle', source: 'ctia', ...byPlural(ctia, [...found.values()]) };
}

/** Collections are sets in CTIA: no client may lean on an order. */
function byPlural(ctia: Ctia, documents: readonly Stored[]): Record<string, Stored[]> {
  const bundle: Record<string, Stored[]> = {};
  for (const { name, plural } of BULK_KINDS) {
    const those = documents.filter(({ type }) => type === name);
    if (those.length > 0) bundle[plural] = shuffled(those, ctia.random);
  }
  return bundle;
}

const KIND_BY_NAME: ReadonlyMap<string, Kind> = new Map(BULK_KINDS.map((kind) => [kind.name, kind]));

async function readable(ctia: Ctia, request: FastifyRequest, ids: readonly string[]): Promise<Stored[]> {
  const caller = callerOf(request);
  const byKind = new Map<Kind, string[]>();
  for (const shortId of new Set(ids.flatMap((id) => shortIdOf(id) ?? []))) {
    const kind = KIND_BY_NAME.get(shortId.slice(0, -37));
    if (kind === undefined) continue;
    const shortIds = byKind.get(kind);
    if (shortIds === undefined) byKind.set(kind, [shortId]);
    else shortIds.push(shortId);
  }
  const found: Stored[] = [];
  for (const [kind, shortIds] of byKind) {
    for (let i = 0; i < shortIds.length; i += SLICE) {
      for (const document of ctia.documents.texts(kind.name, shortIds.slice(i, i + SLICE)).values()) {
        const stored = JSON.parse(document) as Stored;
        if (mayRead(caller, stored)) found.push(stored);
      }
      await others(waitedFor(request));
    }
  }
  return found;
}

interface Relationship extends Stored {
  readonly source_ref: string;
  readonly target_ref: string;
}

/**
 * The narrow table leaves those of this id, all of which may be a hundred thousand; their documents are read from the
 * newest on, until there are enough. References are compared as they are written, in any case: nothing refers to a short
 * id, and the table knows the entity behind a source whatever host the reference says.
 */
async function relationshipsOf(
  ctia: Ctia,
  request: FastifyRequest,
  id: string,
  asked: Options,
): Promise<Relationship[]> {
  const access = readableSql(callerOf(request), 'r');
  const ends = asked.related_to ?? ENDS;
  const newestFirst = ctia.store.rows(
    `SELECT r.seq FROM relationship r WHERE (${ends.map((end) => ENDING_AT[end].sql).join(' OR ')}) AND ${access.sql}
     ORDER BY r.timestamp DESC, r.id`,
    [...ends.map((end) => ENDING_AT[end].param(id)), ...access.params],
  );
  const found: Relationship[] = [];
  for (let i = 0; i < newestFirst.length && found.length < RELATIONSHIPS_MAX; i += SLICE) {
    const slice = JSON.stringify(newestFirst.slice(i, i + SLICE).map(({ seq }) => Number(seq)));
    const rows = ctia.store.rows(
      'SELECT d.document FROM json_each(?) k CROSS JOIN document d ON d.seq = k.value ORDER BY k.key',
      [slice],
    );
    for (const row of rows) {
      const document = JSON.parse(text(row, 'document')) as Relationship;
      if (ends.some((end) => document[end].toLowerCase() === id.toLowerCase()) && joinsKinds(document, asked)) {
        found.push(document);
      }
    }
    await others(waitedFor(request));
  }
  return found.slice(0, RELATIONSHIPS_MAX);
}

const ENDING_AT: Readonly<Record<End, { sql: string; param: (id: string) => string }>> = {
  source_ref: {
    sql: 'r.source_seq = (SELECT e.seq FROM entity e WHERE e.id = ?)',
    param: (id) => shortIdOf(id) ?? '',
  },
  target_ref: { sql: 'r.target_ref = ?', param: (id) => id.toLowerCase() },
};

/** As a query on the reference's text, as in CTIA: `asset` finds `asset-mapping` too. */
function joinsKinds(relationship: Relationship, { source_type: sources, target_type: targets }: Options): boolean {
  const names = (ref: string, kinds: readonly string[] | undefined) =>
    kinds === undefined || kinds.some((kind) => ref.toLowerCase().includes(kind));
  return names(relationship.source_ref, sources) && names(relationship.target_ref, targets);
}

function waitedFor({ socket }: FastifyRequest) {
  return { abandoned: () => socket.destroyed };
}

/** An entity of another host is not here, whatever its id. */
function isLocal(ctia: Ctia): (id: string) => boolean {
  const { hostname } = new URL(ctia.url());
  return (id) => hostnameOf(id) === hostname;
}
