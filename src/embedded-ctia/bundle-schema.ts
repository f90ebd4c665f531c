import { z } from 'zod';
import type { Kind } from './kinds.ts';
import { base, describable, period, text, texts, verdictSchema } from './schema.ts';

/**
 * A bundle: base fields, a description, and a collection of each kind with a list of references beside it. Verdicts and
 * references are looked at and ignored.
 */
export function bundleSchema(kinds: readonly Kind[]): z.ZodObject {
  return z.strictObject({
    ...base('bundle'),
    ...describable,
    source: text,
    source_uri: text.optional(),
    valid_time: period.optional(),
    verdicts: z.array(verdictSchema).optional(),
    verdict_refs: texts.optional(),
    ...Object.fromEntries(kinds.map(({ name }) => [`${name.replaceAll('-', '_')}_refs`, texts.optional()])),
    ...Object.fromEntries(kinds.map(({ plural, schema }) => [plural, z.array(schema).optional()])),
  });
}
