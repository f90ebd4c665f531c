import { z } from 'zod';
import type { Fault } from './faults.ts';

/** Faults as a file or a request has them: the same words as in faults.ts, the path as the text of a regular expression. */
const path = z.string().transform((text, context) => {
  try {
    return new RegExp(text);
  } catch (cause) {
    context.addIssue({ code: 'custom', message: cause instanceof Error ? cause.message : 'no regular expression' });
    return z.NEVER;
  }
});
const on = z.strictObject({ method: z.string().toUpperCase().optional(), path: path.optional() }).default({});
const times = {
  on,
  skip: z.int().nonnegative().optional(),
  times: z.int().positive().optional(),
  probability: z.number().gt(0).lte(1).optional(),
};
const fault = z.discriminatedUnion('kind', [
  z.strictObject({
    ...times,
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    body: z.unknown().optional(),
    retryAfter: z.string().optional(),
  }),
  z.strictObject({ ...times, kind: z.enum(['reset-before', 'reset-after', 'token']) }),
  z.strictObject({ ...times, kind: z.literal('slow'), ms: z.int().nonnegative() }),
  z.strictObject({ ...times, kind: z.literal('forbidden'), capabilities: z.array(z.string()).min(1) }),
  z.strictObject({
    ...times,
    kind: z.literal('entity-errors'),
    every: z.int().positive(),
    type: z.string().optional(),
  }),
  z.strictObject({ ...times, kind: z.literal('short'), drop: z.int().positive(), type: z.string().optional() }),
]);
export const faultList = z.array(fault);

/** The faults, or what is wrong with the list: one line each, with the place. */
export function readFaults(list: unknown): { faults: Fault[] } | { problems: string[] } {
  const read = faultList.safeParse(list);
  if (read.success) return { faults: read.data as Fault[] };
  return {
    problems: read.error.issues.map(
      ({ path: at, message }) => `${at.length === 0 ? 'the list' : at.join('.')}: ${message}`,
    ),
  };
}
