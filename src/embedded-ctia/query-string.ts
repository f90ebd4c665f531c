import { z } from 'zod';
import { instant } from './schema.ts';
import { parseOrRefuse } from './schema-error.ts';

/**
 * Query strings. GET routes are strict: an unknown name is a 400. Lists are repeated keys, a single value stands for a
 * list of one; a repeated scalar is refused.
 */
export const truth = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ type: 'boolean', enum: [true, false] });

export const whole = z
  .string()
  .refine((text) => /^-?\d{1,15}$/.test(text), '(not (integer? %))')
  .transform(Number)
  // What it is to a client, for `/swagger.json`.
  .meta({ type: 'integer' });

export function names(known: readonly string[]) {
  return z.array(z.enum(known));
}

/** Of writes: everything else in the query is ignored there. */
export const waitQuery = z.object({ wait_for: truth.optional() });

export const pagingShape = {
  sort_order: z.enum(['asc', 'desc']).optional(),
  limit: whole.optional(),
  offset: whole.optional(),
  search_after: z.array(z.string()).optional(),
};

export const createdShape = { from: instant.optional(), to: instant.optional() };

export const LISTS = ['fields', 'search_after', 'search_fields'];

export function parseQuery<T>(schema: z.ZodType<T>, query: unknown, lists: readonly string[] = LISTS): T {
  const entries = Object.entries(query as Readonly<Record<string, unknown>>);
  const input = entries.map(([key, value]) => [key, lists.includes(key) && !Array.isArray(value) ? [value] : value]);
  return parseOrRefuse(schema, Object.fromEntries(input));
}
