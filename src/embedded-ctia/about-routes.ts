import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Ctia } from './ctia.ts';
import { openApi } from './openapi.ts';
import { collectRoutes, type Operation, operation } from './operation.ts';
import { underPrivateIntel } from './private-intel.ts';
import { CTIM_VERSION } from './realize.ts';

const VERSION = {
  base: '/ctia',
  'ctim-version': CTIM_VERSION,
  beta: true,
  'ctia-build': 'embedded',
  'ctia-config': '',
  'ctia-supported_features': [],
};

const version = z.strictObject({
  base: z.string(),
  'ctim-version': z.string(),
  beta: z.boolean(),
  'ctia-build': z.string(),
  'ctia-config': z.string(),
  'ctia-supported_features': z.array(z.string()),
});

/** What the server says of itself. To be registered first: it describes what is registered after it. */
export function aboutRoutes(app: FastifyInstance, ctia: Ctia): void {
  const routes = collectRoutes(app);
  const about = (summary: string, answer: z.ZodType, more: Partial<Operation> = { access: 'open' }) =>
    operation({ tag: 'about', summary, answer, ...more });
  app.get('/ctia/version', about('Versions of the API and of CTIM', version), (_, reply) => reply.send(VERSION));
  app.get(
    '/ctia/status',
    about('Whether it works', z.strictObject({ status: z.literal('ok') }), { refuses: [401, 429] }),
    (_, reply) => reply.send({ status: 'ok' }),
  );
  app.get(
    '/admin/url',
    about('The public URL that every id carries', z.strictObject({ url: z.string() })),
    (_, reply) => reply.send({ url: ctia.url() }),
  );
  let document: object | undefined;
  app.get('/swagger.json', about('This document', z.looseObject({ openapi: z.string() })), (_, reply) => {
    document ??= openApi([...routes, ...underPrivateIntel(routes)], ctia.url());
    return reply.send(document);
  });
}
