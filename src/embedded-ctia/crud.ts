import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { mayRead } from './access.ts';
import { readOf, storedOf } from './answers.ts';
import { requireCapabilities } from './capability.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { realizeFeed } from './feed.ts';
import { shortIdOf } from './ids.ts';
import { isoInstant } from './instants.ts';
import type { Kind, Stored, Submitted } from './kinds.ts';
import { type Operation, operation } from './operation.ts';
import { patched } from './patch.ts';
import { project } from './projection.ts';
import { names, parseQuery, waitQuery } from './query-string.ts';
import type { Realized } from './realize.ts';
import { realize } from './realize.ts';
import { accessRefusal, Refusal, unknownEntity } from './refusal.ts';
import { parseOrRefuse } from './schema-error.ts';
import { specFailure } from './spec.ts';
import { change, changeable, invalidRefusal, realizeNew, visibility } from './writes.ts';

interface OfOne {
  Params: { id: string };
}

/** POST, GET, PUT, DELETE of one entity, PATCH and expire where the kind knows them. */
export function crudRoutes(app: FastifyInstance, ctia: Ctia, kind: Kind): void {
  const path = `/ctia/${kind.name}`;
  const getQuery = z.strictObject({ fields: names(kind.fields).optional() });
  const isFeed = kind.name === 'feed';
  const told = (summary: string, more: Partial<Operation>) =>
    operation({ tag: kind.name, summary, answer: storedOf(kind), ...more });

  function finished(realized: Realized, previous?: Stored): Stored {
    if ('invalid' in realized) throw invalidRefusal(realized.invalid);
    return isFeed ? realizeFeed(realized.stored, previous) : realized.stored;
  }

  app.post(path, told('Create one', { query: waitQuery, body: kind.schema, status: 201 }), (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, [`create-${kind.name}`]);
    const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
    const submitted = parseOrRefuse<Submitted>(kind.schema, request.body);
    const stored = finished(realizeNew(ctia, kind, submitted, caller));
    ctia.store.transaction(() => ctia.refresh.write({ put: [stored] }, visibility(waitFor)));
    return reply.code(201).header('Location', stored.id).send(stored);
  });

  app.get<OfOne>(`${path}/:id`, told('Read one', { query: getQuery, answer: readOf(kind) }), (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, [`read-${kind.name}`]);
    const { fields } = parseQuery(getQuery, request.query);
    const shortId = shortIdOf(request.params.id);
    const stored = shortId === undefined ? undefined : ctia.documents.get(kind.name, shortId);
    if (stored === undefined) throw unknownEntity();
    if (!mayRead(caller, stored)) throw accessRefusal('read');
    return reply.send(fields === undefined ? stored : project(stored, fields));
  });

  app.put<OfOne>(`${path}/:id`, told('Replace one', { query: waitQuery, body: kind.schema }), (request, reply) => {
    const caller = callerOf(request);
    const create = `create-${kind.name}`;
    requireCapabilities(caller, kind.putNeeds === undefined ? [create] : [create, kind.putNeeds]);
    const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
    const submitted = parseOrRefuse<Submitted>(kind.schema, request.body);
    const previous = changeable(ctia, kind, request.params.id, caller, 'update');
    if (previous === undefined) throw unknownEntity();
    const realized = realize(kind, submitted, previous.id, caller, ctia.clock.now(), previous);
    const stored = finished(realized, previous);
    // On a feed's PUT the parameter is translated twice in CTIA, and so has no effect.
    const visible = isFeed ? 'after the refresh' : visibility(waitFor);
    ctia.store.transaction(() => ctia.refresh.write({ put: [stored] }, visible));
    return reply.send(stored);
  });

  const { patchSchema } = kind;
  if (patchSchema !== undefined) {
    const patching = told('Change parts of one', { query: waitQuery, body: patchSchema });
    app.patch<OfOne>(`${path}/:id`, patching, (request, reply) => {
      const caller = callerOf(request);
      requireCapabilities(caller, [`create-${kind.name}`]);
      const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
      const part = parseOrRefuse<Submitted>(patchSchema, request.body);
      const previous = changeable(ctia, kind, request.params.id, caller, 'update');
      if (previous === undefined) throw unknownEntity();
      return reply.send(change(ctia, kind, previous, patched(previous, part), caller, visibility(waitFor)));
    });
  }

  app.delete<OfOne>(`${path}/:id`, told('Delete one', { query: waitQuery, status: 204 }), (request, reply) => {
    const caller = callerOf(request);
    requireCapabilities(caller, [`delete-${kind.name}`]);
    const { wait_for: waitFor } = parseQuery(waitQuery, request.query);
    const previous = changeable(ctia, kind, request.params.id, caller, 'delete');
    const id = shortIdOf(request.params.id);
    if (previous === undefined || id === undefined) throw unknownEntity();
    // Relationships that point at it stay.
    const write = { remove: { type: kind.name, ids: [id] } };
    ctia.store.transaction(() => ctia.refresh.write(write, visibility(waitFor)));
    return reply.code(204).send();
  });

  if (kind.expires === true) {
    app.post<OfOne>(`${path}/:id/expire`, told('End its validity now', { query: expireQuery }), (request, reply) =>
      expire(ctia, kind, request, reply),
    );
  }
}

const expireQuery = z.object({ reason: z.string(), wait_for: waitQuery.shape.wait_for });

/** Ends a validity now and says why. */
function expire(
  ctia: Ctia,
  kind: Kind,
  request: Parameters<typeof callerOf>[0] & { params: { id: string } },
  reply: FastifyReply,
) {
  const caller = callerOf(request);
  requireCapabilities(caller, [`create-${kind.name}`]);
  const { reason } = parseQuery(expireQuery, request.query);
  const previous = changeable(ctia, kind, request.params.id, caller, 'update');
  if (previous === undefined) throw new Refusal(404, 'Judgement not found');
  const time = isoInstant(ctia.clock.now());
  // The blank is there also where there was no reason before, and the length is not checked again.
  const expired: Stored = {
    ...previous,
    valid_time: { ...(previous.valid_time as object), end_time: time },
    reason: `${previous.reason ?? ''} ${reason}`,
    modified: time,
  };
  const period = kind.rules.filter((rule) => rule.path.startsWith('valid_time'));
  const failure = specFailure(period, expired);
  if (failure !== undefined) throw invalidRefusal({ kind: 'spec', message: failure, entity: expired });
  // `wait_for` is accepted and has no effect here in CTIA, as on a feed's PUT.
  ctia.store.transaction(() => ctia.refresh.write({ put: [expired] }, 'after the refresh'));
  return reply.send(expired);
}
