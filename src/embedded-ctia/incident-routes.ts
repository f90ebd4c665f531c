import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { TLPS } from '../ctim/judgement.ts';
import { INCIDENT_STATUSES } from '../ctim/vocabulary.ts';
import { mayRead } from './access.ts';
import { storedOf } from './answers.ts';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { shortIdOf } from './ids.ts';
import { kindNamed, type Stored, type Submitted } from './kinds.ts';
import { type Operation, operation } from './operation.ts';
import { patched } from './patch.ts';
import { parseQuery, waitQuery } from './query-string.ts';
import { accessRefusal, Refusal, unknownEntity } from './refusal.ts';
import { text } from './schema.ts';
import { parseOrRefuse } from './schema-error.ts';
import type { Caller } from './tokens.ts';
import { change, changeable, invalidRefusal, realizeNew } from './writes.ts';

const statusBody = z.strictObject({ status: z.enum(INCIDENT_STATUSES) });
const linkBody = z.strictObject({
  casebook_id: text.optional(),
  investigation_id: text.optional(),
  tlp: z.enum(TLPS).optional(),
});

/** What an incident can be linked to: field of the body, kind, and its name in an error. */
const LINKABLE = [
  { field: 'casebook_id', kind: 'casebook', named: 'Casebook' },
  { field: 'investigation_id', kind: 'investigation', named: 'Investigation' },
] as const;

const told = (summary: string, more: Partial<Operation>) => operation({ tag: 'incident', summary, ...more });

/** What an incident knows besides CRUD. */
export function incidentRoutes(app: FastifyInstance, ctia: Ctia): void {
  const incidents = kindNamed('incident');
  const relationships = kindNamed('relationship');

  app.post<{ Params: { id: string } }>(
    '/ctia/incident/:id/status',
    told('Set its status', { query: waitQuery, body: statusBody, answer: storedOf(incidents) }),
    (request, reply) => {
      const caller = callerOf(request);
      requireCapabilities(caller, ['create-incident']);
      parseQuery(waitQuery, request.query);
      const body = parseOrRefuse<Submitted>(statusBody, request.body);
      const previous = changeable(ctia, incidents, request.params.id, caller, 'update');
      if (previous === undefined) throw unknownEntity();
      // `wait_for` is accepted and has no effect here in CTIA.
      return reply.send(change(ctia, incidents, previous, patched(previous, body), caller, 'after the refresh'));
    },
  );

  app.post<{ Params: { id: string } }>(
    '/ctia/incident/:id/link',
    told('Relate a casebook or an investigation to it', {
      body: linkBody,
      status: 201,
      answer: storedOf(relationships),
    }),
    (request, reply) => {
      const caller = callerOf(request);
      requireCapabilities(caller, ['create-relationship', 'read-incident', 'read-relationship']);
      const body = parseOrRefuse(linkBody, request.body);
      const given = LINKABLE.filter(({ field }) => body[field] !== undefined);
      const [source] = given;
      if (source === undefined || given.length > 1) throw ambiguous(given.map(({ field }) => field));
      requireCapabilities(caller, [`read-${source.kind}`]);
      const incident = readable(ctia, 'incident', request.params.id, caller);
      if (incident === undefined) throw new Refusal(404, { error: 'Invalid Incident id' });
      const sourceId = String(body[source.field]);
      const isShort = shortIdOf(sourceId) === sourceId;
      if (isShort || readable(ctia, source.kind, sourceId, caller) === undefined) {
        throw new Refusal(400, { error: `Invalid ${source.named} id` });
      }
      const link = {
        relationship_type: 'related-to',
        source_ref: sourceId,
        target_ref: incident.id,
        tlp: body.tlp ?? 'amber',
      };
      const realized = realizeNew(ctia, relationships, link, caller);
      if ('invalid' in realized) throw invalidRefusal(realized.invalid);
      const { stored } = realized;
      ctia.store.transaction(() => ctia.refresh.write({ create: [stored] }, 'after the refresh'));
      return reply.code(201).header('Location', stored.id).send(stored);
    },
  );
}

function ambiguous(given: readonly string[]): Refusal {
  const fields = LINKABLE.map(({ field }) => field).join(', ');
  const found = given.length === 0 ? 'None provided.' : `Provided: ${given.join(', ')}`;
  return new Refusal(400, { error: `Please provide exactly one of the following fields: ${fields}\n${found}` });
}

function readable(ctia: Ctia, kind: string, id: string, caller: Caller): Stored | undefined {
  const shortId = shortIdOf(id);
  const stored = shortId === undefined ? undefined : ctia.documents.get(kind, shortId);
  if (stored !== undefined && !mayRead(caller, stored)) throw accessRefusal('read');
  return stored;
}
