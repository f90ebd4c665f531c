import { z } from 'zod';
import { CONFIDENCES, DISPOSITIONS, SEVERITIES, TLPS } from '../ctim/judgement.ts';
import { CTIM_OBSERVABLE_TYPES } from '../ctim/vocabulary.ts';
import { isoInstant, parseInstant } from './instants.ts';

/**
 * The first of CTIA's three layers: JSON types, required keys, closed vocabularies, no unknown key. A failure refuses the
 * whole request. Lengths, URIs, references and ranges belong to the second layer and are not looked at here: in a bulk
 * request they are the error of one entity. Here is what several kinds share; the rest stands with each kind.
 */

/** Dates become UTC with three decimals here, so that everything after compares them as texts. */
export const instant = z.string().transform((text, context) => {
  const ms = parseInstant(text);
  if (ms !== undefined) return isoInstant(ms);
  context.issues.push({ code: 'custom', message: 'instant', input: text });
  return z.NEVER;
});

export const text = z.string();

/**
 * What is kept as it came. Nobody nests deeper; what does would be stored and then fail every look-up that reads its JSON
 * in the database, which has a limit of its own.
 */
export const open = z.unknown().refine((value) => nestsWithin(value, NESTING_MAX), '(not (shallow? …))');
export const openObject = z.record(z.string(), open);
const NESTING_MAX = 100;

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => nestsWithin(item, levels - 1));
}

export const texts = z.array(text);
export const period = z.strictObject({ start_time: instant.optional(), end_time: instant.optional() });
/** Of something seen: it needs a start. */
export const observedTime = z.strictObject({ start_time: instant, end_time: instant.optional() });
/** A value is not checked against its type: `ip` with `not-an-ip` is accepted. */
export const observable = z.strictObject({ type: z.enum(CTIM_OBSERVABLE_TYPES), value: text });

/** Fields that every stored entity has. Those the server makes are accepted, so that what was read can be sent back. */
export function base(type: string) {
  return {
    id: text.optional(),
    type: z.literal(type).optional(),
    schema_version: text.optional(),
    revision: z.int().optional(),
    external_ids: texts.optional(),
    external_references: z
      .array(
        z.strictObject({
          source_name: text,
          description: text.optional(),
          url: text.optional(),
          hashes: texts.optional(),
          external_id: text.optional(),
        }),
      )
      .optional(),
    timestamp: instant.optional(),
    language: text.optional(),
    tlp: z.enum(TLPS).optional(),
    owner: text.optional(),
    groups: texts.optional(),
    client_id: text.optional(),
    created: instant.optional(),
    modified: instant.optional(),
    authorized_users: texts.optional(),
    authorized_groups: texts.optional(),
  };
}

export const describable = { title: text.optional(), description: text.optional(), short_description: text.optional() };
export const sourcable = { source: text.optional(), source_uri: text.optional() };
export const severity = z.enum(SEVERITIES);
export const confidence = z.enum(CONFIDENCES);
export const disposition = z.literal([1, 2, 3, 4, 5]);
export const dispositionName = z.enum(Object.values(DISPOSITIONS));

/** Computed from judgements and never stored: it comes into the server in bundles only, where it is looked at and dropped. */
export const verdictSchema = z.strictObject({
  type: z.literal('verdict'),
  disposition,
  disposition_name: dispositionName.optional(),
  judgement_id: text.optional(),
  observable,
  valid_time: period,
});
