import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

/** What a route says of itself where it is registered, by the schemas that it validates with: `/swagger.json` is made of it. */
export interface Operation {
  /** The group that it is shown in: a kind, or what it is about. */
  readonly tag: string;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Of the body where it is not JSON. */
  readonly bodyType?: string;
  /** Of success: 200 where it is not said. */
  readonly status?: 201 | 204;
  /** What success answers, but for a 204. */
  readonly answer?: z.ZodType;
  /** Of the answer where it is not JSON. */
  readonly answerType?: string;
  /** Who may ask. A token where it is not said. */
  readonly access?: 'open' | 'basic' | 'admin';
  /** Statuses of its refusals, where they are not those that follow from the rest. */
  readonly refuses?: readonly (400 | 401 | 403 | 404 | 413 | 429)[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

export function operation(said: Operation): { config: { operation: Operation } } {
  return { config: { operation: said } };
}

export interface DescribedRoute {
  readonly method: string;
  /** As Fastify has it: `/ctia/feed/:id`. */
  readonly url: string;
  readonly operation: Operation;
}

/** Every route registered from now on; one that says nothing of itself is refused, so that the document has all of them. */
export function collectRoutes(app: FastifyInstance): readonly DescribedRoute[] {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const said = config?.operation;
    if (said === undefined) throw new Error(`${method} ${url} has no operation: say what it is where it is registered`);
    for (const one of [method].flat()) routes.push({ method: one, url, operation: said });
  });
  return routes;
}
