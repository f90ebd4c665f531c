import type { FastifyInstance } from 'fastify';
import type { Ctia } from './ctia.ts';
import { openApi } from './openapi.ts';
import { collectRoutes, operation } from './operation.ts';
import { CTIM_VERSION } from './realize.ts';

const VERSION = {
  base: '/ctia',
  'ctim-version': CTIM_VERSION,
  beta: true,
  'ctia-build': 'embedded',
  'ctia-config': '',
  'ctia-supported_features': [],
};

/** What the server says of itself. To be registered first: it describes what is registered after it. */
export function aboutRoutes(app: FastifyInstance, ctia: Ctia): void {
  const routes = collectRoutes(app);
  const about = (summary: string, access?: 'open') => operation({ tag: 'about', summary, ...(access && { access }) });
  app.get('/ctia/version', about('Versions of the API and of CTIM', 'open'), (_, reply) => reply.send(VERSION));
  app.get('/ctia/status', about('Whether it works'), (_, reply) => reply.send({ status: 'ok' }));
  app.get('/admin/url', about('The public URL that every id carries', 'open'), (_, reply) =>
    reply.send({ url: ctia.url() }),
  );
  let document: object | undefined;
  app.get('/swagger.json', about('This document', 'open'), (_, reply) => {
    document ??= openApi(routes, ctia.url());
    return reply.send(document);
  });
}
