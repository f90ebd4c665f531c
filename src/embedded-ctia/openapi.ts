import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { projection, storedOf } from './answers.ts';
import { KINDS } from './kinds.ts';
import { REFUSALS, refusalsOf } from './openapi-refusals.ts';
import type { DescribedRoute, Operation } from './operation.ts';
import { observable, verdictSchema } from './schema.ts';

type Json = Record<string, unknown>;

/** An OpenAPI 3.1 document of these routes, generated from the schemas that validate their requests. */
export function openApi(routes: readonly DescribedRoute[], url: string): Json {
  const named = namedSchemas(routes);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route, named) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Embedded CTIA', version: 'embedded', description: DESCRIPTION },
    servers: [{ url }],
    paths,
    components: { schemas: named.schemas, responses: REFUSALS, securitySchemes: SECURITY_SCHEMES },
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

interface Named {
  readonly schemas: Record<string, Json>;
  /** A reference, or the schema itself where it has no name. */
  of(schema: z.ZodType): Json;
}

/**
 * Kinds have names of their own, so that whatever holds them refers to them; any other body is named after its route. An
 * answer that is no stored entity stands where it is given.
 */
function namedSchemas(routes: readonly DescribedRoute[]): Named {
  const names = new Map<z.ZodType, string>([
    [observable, 'Observable'],
    [verdictSchema, 'Verdict'],
    [projection, 'Projection'],
  ]);
  for (const kind of KINDS) {
    const { name, schema, patchSchema } = kind;
    names.set(schema, pascal(name));
    names.set(storedOf(kind), `Stored${pascal(name)}`);
    if (patchSchema !== undefined && !names.has(patchSchema)) names.set(patchSchema, `${pascal(name)}Patch`);
  }
  const inPlace = new Map<z.ZodType, string>();
  for (const { method, url, operation } of routes) {
    const { body, answer } = operation;
    const route = pascal(`${method.toLowerCase()}${url}`);
    if (body !== undefined && !names.has(body)) names.set(body, route);
    if (answer !== undefined && !names.has(answer)) inPlace.set(answer, `${route}Answer`);
  }
  const all = schemasOf([...names, ...inPlace]);
  const answers = new Set(inPlace.values());
  return {
    schemas: Object.fromEntries(Object.entries(all).filter(([name]) => !answers.has(name))),
    of: (schema) => all[inPlace.get(schema) ?? ''] ?? { $ref: `#/components/schemas/${names.get(schema)}` },
  };
}

function pascal(text: string): string {
  return text
    .split(/[^a-z0-9]+/i)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** What a request may hold: before defaults and transformations. What JSON Schema cannot say (an instant, a range) is left out. */
const CONVERSION = { io: 'input', unrepresentable: 'any' } as const;

function schemasOf(names: readonly (readonly [z.ZodType, string])[]): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...CONVERSION, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
  );
}

function describe({ url, operation }: DescribedRoute, named: Named): Json {
  const { tag, summary, query, body, bodyType = 'application/json', status = 200, access } = operation;
  const parameters = [...pathParameters(url), ...(query === undefined ? [] : queryParameters(query))];
  return {
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: { [bodyType]: { schema: named.of(body) } },
      },
    }),
    security: access === 'open' ? [] : [{ [access ?? 'token']: [] }],
    responses: { [status]: success(status, operation, named), ...refusalsOf(operation, url) },
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

function success(status: number, { answer, answerType = 'application/json' }: Operation, named: Named): Json {
  const description = STATUS_CODES[status] ?? '';
  if (status === 204 || answer === undefined) return { description };
  return { description, content: { [answerType]: { schema: named.of(answer) } } };
}
