import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mayRead, readableSql } from './access.ts';
import { EXPORT_BUNDLE, requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { text } from './documents.ts';
import { hostnameOf, shortIdOf } from './ids.ts';
import { BULK_KINDS, KINDS, type Kind, type Stored } from './kinds.ts';
import { operation } from './operation.ts';
import { names, parseQuery, truth } from './query-string.ts';
import { shuffled } from './random.ts';
import { parseOrRefuse } from './schema-error.ts';
import type { Caller } from './tokens.ts';

type End = 'source_ref' | 'target_ref';
const ENDS: readonly End[] = ['source_ref', 'target_ref'];

const KIND_NAMES = KINDS.map(({ name }) => name);
const options = {
  related_to: z.array(z.enum(ENDS)).optional(),
  source_type: names(KIND_NAMES).optional(),
  target_type: names(KIND_NAMES).optional(),
  include_related_entities: truth.optional(),
};
const LISTS = ['ids', 'related_to', 'source_type', 'target_type'];
const idList = z.array(z.string());
const getQuery = z.strictObject({ ids: idList, ...options });
const postQuery = z.strictObject(options);
const postBody = z.strictObject({ ids: idList });

type Options = z.infer<typeof postQuery>;

/** Of each id at most so many relationships, the newest first. */
const RELATIONSHIPS_MAX = 1000;

/**
 * Entities by id, with the relationships that lead from or to them, and what stands at the other ends, as a bundle. GET and
 * POST say the same. What is unknown, deleted or not readable is left out; a relationship to it stays.
 */
export function bundleExportRoutes(app: FastifyInstance, ctia: Ctia): void {
  const send = (request: FastifyRequest, reply: FastifyReply, ids: readonly string[], asked: Options) =>
    reply.send(exported(ctia, callerOf(request), ids, asked));

  const exporting = { tag: 'bundle', summary: 'Entities with what they are related to' };

  app.get('/ctia/bundle/export', operation({ ...exporting, query: getQuery }), (request, reply) => {
    requireCapabilities(callerOf(request), EXPORT_BUNDLE);
    const { ids, ...asked } = parseQuery(getQuery, request.query, LISTS);
    return send(request, reply, ids, asked);
  });

  app.post('/ctia/bundle/export', operation({ ...exporting, query: postQuery, body: postBody }), (request, reply) => {
    requireCapabilities(callerOf(request), EXPORT_BUNDLE);
    const asked = parseQuery(postQuery, request.query, LISTS);
    return send(request, reply, parseOrRefuse(postBody, request.body).ids, asked);
  });
}

function exported(ctia: Ctia, caller: Caller, ids: readonly string[], asked: Options): object {
  const found = new Map<string, Stored>();
  const keep = (documents: readonly Stored[]) => {
    for (const document of documents) found.set(document.id, document);
  };
  const roots = [...new Set(ids)].flatMap((id) => readable(ctia, caller, [id]).map((document) => ({ id, document })));
  keep(roots.map(({ document }) => document));
  if (asked.include_related_entities !== false) {
    for (const { id } of roots) {
      const relationships = relationshipsOf(ctia, caller, id, asked);
      keep(relationships);
      const refs = relationships.flatMap((it) => [String(it.source_ref), String(it.target_ref)]);
      keep(readable(ctia, caller, refs.filter(isLocal(ctia))));
    }
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

function readable(ctia: Ctia, caller: Caller, ids: readonly string[]): Stored[] {
  const byKind = new Map<Kind, string[]>();
  for (const shortId of new Set(ids.flatMap((id) => shortIdOf(id) ?? []))) {
    const kind = KIND_BY_NAME.get(shortId.slice(0, -37));
    if (kind !== undefined) byKind.set(kind, [...(byKind.get(kind) ?? []), shortId]);
  }
  return [...byKind].flatMap(([kind, shortIds]) =>
    [...ctia.documents.texts(kind.name, shortIds).values()]
      .map((document) => JSON.parse(document) as Stored)
      .filter((document) => mayRead(caller, document)),
  );
}

/** References are compared as they are written, in any case: nothing refers to a short id. */
function relationshipsOf(ctia: Ctia, caller: Caller, id: string, asked: Options): Stored[] {
  const access = readableSql(caller, 'r');
  const found = new Map<number, { document: string; timestamp: number }>();
  for (const end of asked.related_to ?? ENDS) {
    const { sql, params } = ENDING_AT[end](id);
    const rows = ctia.store.rows(
      `SELECT r.seq, r.timestamp, d.document FROM relationship r JOIN document d ON d.seq = r.seq
       WHERE ${sql} AND ${access.sql} AND ${refType('source_ref')} AND ${refType('target_ref')}
       ORDER BY r.timestamp DESC, r.id LIMIT ?`,
      [
        ...params,
        ...access.params,
        ...refTypeParams(asked.source_type),
        ...refTypeParams(asked.target_type),
        RELATIONSHIPS_MAX,
      ],
    );
    for (const row of rows)
      found.set(Number(row.seq), { document: text(row, 'document'), timestamp: Number(row.timestamp) });
  }
  return [...found.values()]
    .sort((a, b) => b.timestamp - a.timestamp)
    .slice(0, RELATIONSHIPS_MAX)
    .map(({ document }) => JSON.parse(document) as Stored);
}

/** The narrow table knows the entity behind a source, whatever host its reference says: hence the second look. */
const ENDING_AT: Readonly<Record<End, (id: string) => { sql: string; params: string[] }>> = {
  source_ref: (id) => ({
    sql: `r.source_seq = (SELECT e.seq FROM entity e WHERE e.id = ?) AND lower(d.document ->> '$.source_ref') = ?`,
    params: [shortIdOf(id) ?? '', id.toLowerCase()],
  }),
  target_ref: (id) => ({ sql: 'r.target_ref = ?', params: [id.toLowerCase()] }),
};

/** As a query on the reference's text, as in CTIA: `asset` finds `asset-mapping` too. */
function refType(end: End): string {
  return `(? IS NULL OR EXISTS (SELECT 1 FROM json_each(?) t WHERE instr(lower(d.document ->> '$.${end}'), t.value) > 0))`;
}

function refTypeParams(types: readonly string[] | undefined): (string | null)[] {
  const wanted = types === undefined || types.length === 0 ? null : JSON.stringify(types);
  return [wanted, wanted];
}

/** An entity of another host is not here, whatever its id. */
function isLocal(ctia: Ctia): (id: string) => boolean {
  const { hostname } = new URL(ctia.url());
  return (id) => hostnameOf(id) === hostname;
}
