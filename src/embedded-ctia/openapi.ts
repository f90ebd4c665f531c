import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { KINDS } from './kinds.ts';
import type { DescribedRoute, Operation } from './operation.ts';

type Json = Record<string, unknown>;

/** An OpenAPI 3.1 document of these routes, generated from the schemas that validate their requests. */
export function openApi(routes: readonly DescribedRoute[], url: string): Json {
  const bodies = namedBodies(routes);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route, bodies) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Embedded CTIA', version: 'embedded', description: DESCRIPTION },
    servers: [{ url }],
    paths,
    components: { schemas: schemasOf(bodies), securitySchemes: SECURITY_SCHEMES },
  };
}

const DESCRIPTION =
  'A private-intelligence store that speaks the API of CTIA. Bodies and queries are closed: what is not named is refused.';

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'of POST /iroh/oauth2/token, for ten minutes',
  },
  basic: { type: 'http', scheme: 'basic', description: 'id and password of an API client' },
  admin: { type: 'http', scheme: 'bearer', description: "the secret in the store's folder, made anew at each start" },
};

/** Kinds have names of their own, so that whatever holds them refers to them; any other body is named after its route. */
function namedBodies(routes: readonly DescribedRoute[]): ReadonlyMap<z.ZodType, string> {
  const names = new Map<z.ZodType, string>();
  for (const { name, schema, patchSchema } of KINDS) {
    names.set(schema, pascal(name));
    if (patchSchema !== undefined && !names.has(patchSchema)) names.set(patchSchema, `${pascal(name)}Patch`);
  }
  for (const {
    method,
    url,
    operation: { body },
  } of routes) {
    if (body !== undefined && !names.has(body)) names.set(body, pascal(`${method.toLowerCase()}${url}`));
  }
  return names;
}

function pascal(text: string): string {
  return text
    .split(/[^a-z0-9]+/i)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** What a request may hold: before defaults and transformations. What JSON Schema cannot say (an instant, a range) is left out. */
const CONVERSION = { io: 'input', unrepresentable: 'any' } as const;

function schemasOf(bodies: ReadonlyMap<z.ZodType, string>): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of bodies) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...CONVERSION, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
  );
}

function describe({ url, operation }: DescribedRoute, bodies: ReadonlyMap<z.ZodType, string>): Json {
  const { tag, summary, query, body, bodyType = 'application/json', status = 200, access } = operation;
  const parameters = [...pathParameters(url), ...(query === undefined ? [] : queryParameters(query))];
  return {
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: { [bodyType]: { schema: { $ref: `#/components/schemas/${bodies.get(body)}` } } },
      },
    }),
    security: access === 'open' ? [] : [{ [access ?? 'token']: [] }],
    responses: { [status]: success(status, operation), ...refusals(operation, url) },
  };
}

function pathParameters(url: string): Json[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

/** A list is its key repeated. */
function queryParameters(query: z.ZodType): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, CONVERSION);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function success(status: number, { answerType = 'application/json' }: Operation): Json {
  const description = STATUS_CODES[status] ?? '';
  return status === 204 ? { description } : { description, content: { [answerType]: {} } };
}

function refusals({ query, body, access }: Operation, url: string): Json {
  const told: [number, string][] = [
    ...(query === undefined && body === undefined
      ? []
      : ([[400, 'it does not fit its schema: where, and why']] as const)),
    ...(access === 'open' ? [] : ([[401, 'no token, or one that is not valid any more']] as const)),
    ...(access === undefined
      ? ([[403, 'a capability is missing, or the record is not to be read or changed by the caller']] as const)
      : []),
    ...(url.includes(':') ? ([[404, 'not found']] as const) : []),
    ...(access === undefined
      ? ([[429, 'the quota of the organisation is used up: Retry-After says for how long']] as const)
      : []),
  ].map(([status, description]) => [status, description]);
  return Object.fromEntries(told.map(([status, description]) => [status, { description }]));
}
