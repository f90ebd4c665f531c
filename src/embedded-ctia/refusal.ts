/**
 * An answer that ends a request early, mostly as CTIA's exception handling makes it: outside the middleware that adds
 * version and rate-limit headers (http.ts). Its body is sent as it is: an object as JSON, a text bare, `undefined` as nothing.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`${status} ${JSON.stringify(body)}`);
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function schemaRefusal(tree: unknown): Refusal {
  return new Refusal(400, { errors: tree });
}

/** What Elasticsearch says of a query it cannot run. */
export function queryRefusal(reason: string): Refusal {
  return new Refusal(400, { type: 'ES Invalid Request', message: reason, class: 'clojure.lang.ExceptionInfo' });
}

export function accessRefusal(verb: 'read' | 'update' | 'delete'): Refusal {
  return new Refusal(403, {
    error: 'Access Control validation Client Error',
    type: 'Access Control Error',
    message: `You are not allowed to ${verb} this document`,
    class: 'clojure.lang.ExceptionInfo',
  });
}

/** CTIA answers 404 without a body where an entity is unknown. */
export function unknownEntity(): Refusal {
  return new Refusal(404, undefined);
}
