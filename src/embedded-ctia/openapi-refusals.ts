import type { Operation } from './operation.ts';

type Json = Record<string, unknown>;

/** Which refusals a route may answer with: those it names, or what follows from what it asks for. */
export function refusalsOf({ query, body, access, refuses }: Operation, url: string): Json {
  const derived = [
    ...(query === undefined && body === undefined ? [] : [400]),
    ...(access === 'open' ? [] : [401]),
    ...(access === undefined ? [403] : []),
    ...(url.includes(':') ? [404] : []),
    ...(body === undefined ? [] : [413]),
    ...(access === undefined ? [429] : []),
  ];
  const statuses = [...(refuses ?? derived), 500];
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${status}` }]));
}

/** An object with these fields at least. CTIA's refusals have no shape in common. */
function object(properties: Json): Json {
  return { type: 'object', properties, required: Object.keys(properties) };
}

const text = { type: 'string' };
const json = (schema: Json) => ({ 'application/json': { schema } });
const plain = { 'text/plain': { schema: text } };
const ofClass = { message: text, class: text };

/** By status. A client switches on it and looks at the body after that. */
export const REFUSALS: Readonly<Record<number, Json>> = {
  400: {
    description: 'It does not fit its schema, or means nothing: where, and why',
    content: {
      ...json({
        anyOf: [
          {
            ...object({ errors: {} }),
            description:
              'mirrors what was sent, with a word where something is wrong; `null` for what is good in a list',
          },
          object({ type: { const: 'json-parse-exception' }, message: text }),
          object({ error: text, type: { const: 'Invalid Entity Error' }, entity: {}, ...ofClass }),
          object({ type: { const: 'Invalid TLP Error' }, entity: {}, ...ofClass }),
          object({ type: { const: 'ES Invalid Request' }, ...ofClass }),
          object({ error: text }),
        ],
      }),
      ...plain,
    },
  },
  401: {
    description: 'No token or one that is not valid any more, a wrong password, or a wrong secret',
    content: {
      ...json({
        anyOf: [
          object({ error: text, error_description: text }),
          object({ error: text, message: text }),
          object({ error: text }),
        ],
      }),
      ...plain,
    },
  },
  403: {
    description: 'A capability or a scope is missing, or the record is not for the caller to read or change',
    content: json({
      anyOf: [
        object({
          error: { const: 'missing_capability' },
          message: text,
          capabilities: { anyOf: [text, { type: 'array', items: text }] },
          owner: text,
        }),
        object({ error: { const: 'missing_scope' }, 'missing-scopes': { type: 'array', items: text } }),
        object({ error: text, type: { const: 'Access Control Error' }, ...ofClass }),
        object({ error: text }),
      ],
    }),
  },
  404: {
    description: 'Not found. Of most kinds without a body',
    content: { ...json({ anyOf: [object({ error: text }), object({ message: text })] }), ...plain },
  },
  413: { description: 'The body is larger than the server reads', content: plain },
  429: {
    description: 'The quota of the organisation is used up',
    headers: { 'Retry-After': { description: 'seconds until there is room', schema: { type: 'integer' } } },
    content: json(object({ error: { const: 'Too Many Requests' } })),
  },
  500: {
    description: 'A fault of the server',
    content: json(object({ type: { const: 'unknown-exception' }, class: text })),
  },
};
