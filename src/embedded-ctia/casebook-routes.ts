import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { storedOf } from './answers.ts';
import { bundleSchema } from './bundle-schema.ts';
import { requireCapabilities } from './capability.ts';
import { casebookParts } from './casebook-kind.ts';
import { type Ctia, callerOf } from './ctia.ts';
import { BUNDLE_KINDS, kindNamed, type Stored, type Submitted } from './kinds.ts';
import { operation } from './operation.ts';
import { type PatchOperation, patched } from './patch.ts';
import { parseQuery, waitQuery } from './query-string.ts';
import { Refusal } from './refusal.ts';
import { parseOrRefuse } from './schema-error.ts';
import { change, changeable } from './writes.ts';

interface OfOne {
  Params: { id: string };
}

const patchOperation = z.enum(['add', 'remove', 'replace']);

/** What a casebook knows besides CRUD: PATCH, and the change of one of its lists. */
export function casebookRoutes(app: FastifyInstance, ctia: Ctia): void {
  const kind = kindNamed('casebook');

  function changed(
    request: FastifyRequest<OfOne>,
    reply: FastifyReply,
    schema: z.ZodType<Submitted>,
    wholeOf: (previous: Stored, body: Submitted) => Submitted,
  ): FastifyReply {
    const caller = callerOf(request);
    requireCapabilities(caller, ['create-casebook']);
    // It is translated twice in CTIA, and so has no effect.
    parseQuery(waitQuery, request.query);
    const body = parseOrRefuse(schema, request.body);
    const previous = changeable(ctia, kind, request.params.id, caller, 'update');
    if (previous === undefined) throw new Refusal(404, { error: 'casebook not found' });
    return reply.send(change(ctia, kind, previous, wholeOf(previous, body), caller, 'after the refresh'));
  }

  // No field of a casebook is required, so a part of one is one.
  const told = (summary: string, body: z.ZodType) =>
    operation({ tag: kind.name, summary, query: waitQuery, body, answer: storedOf(kind) });
  app.patch<OfOne>('/ctia/casebook/:id', told('Change parts of one', kind.schema), (request, reply) =>
    changed(request, reply, kind.schema, patched),
  );

  for (const [part, schema] of Object.entries(casebookParts(bundleSchema(BUNDLE_KINDS)))) {
    const body = z.strictObject({ operation: patchOperation, [part]: schema });
    app.post<OfOne>(`/ctia/casebook/:id/${part}`, told(`Change its ${part}`, body), (request, reply) =>
      changed(request, reply, body, (previous, { operation, ...change }) =>
        changedPart(previous, change, operation as PatchOperation),
      ),
    );
  }
}

/** The collections of a bundle are sets: what is added is taken away first. `observables` and `texts` may repeat themselves. */
function changedPart(previous: Stored, part: Submitted, operation: PatchOperation): Submitted {
  if (operation !== 'add' || part.bundle === undefined) return patched(previous, part, operation);
  return patched(patched(previous, part, 'remove'), part, 'add');
}
