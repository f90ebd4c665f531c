import { z } from 'zod';
import { CONFIDENCES, DISPOSITIONS, SEVERITIES, TLPS } from '../ctim/judgement.ts';
import { isoInstant, parseInstant } from './instants.ts';
import { CTIM_OBSERVABLE_TYPES, INDICATOR_TYPES } from './vocabulary.ts';

/**
 * The first of CTIA's three layers: JSON types, required keys, closed vocabularies, no unknown key. A failure refuses the
 * whole request. Lengths, URIs, references and ranges belong to the second layer and are not looked at here: in a bulk
 * request they are the error of one entity.
 */

/** Dates become UTC with three decimals here, so that everything after compares them as texts. */
export const instant = z.string().transform((text, context) => {
  const ms = parseInstant(text);
  if (ms !== undefined) return isoInstant(ms);
  context.issues.push({ code: 'custom', message: 'instant', input: text });
  return z.NEVER;
});

const text = z.string();
const texts = z.array(text);
const period = z.strictObject({ start_time: instant.optional(), end_time: instant.optional() });

/** Fields that every stored entity has. Those the server makes are accepted, so that what was read can be sent back. */
function base(type: string) {
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

const describable = { title: text.optional(), description: text.optional(), short_description: text.optional() };
const sourcable = { source: text.optional(), source_uri: text.optional() };
const severity = z.enum(SEVERITIES);
const confidence = z.enum(CONFIDENCES);

export const judgementSchema = z.strictObject({
  ...base('judgement'),
  observable: z.strictObject({ type: z.enum(CTIM_OBSERVABLE_TYPES), value: text }),
  source: text,
  source_uri: text.optional(),
  // No range is enforced, whatever the documentation says of 0 to 100.
  priority: z.int(),
  severity,
  confidence,
  disposition: z.literal([1, 2, 3, 4, 5]).optional(),
  disposition_name: z.enum(Object.values(DISPOSITIONS)).optional(),
  valid_time: period.optional(),
  reason: text.optional(),
  reason_uri: text.optional(),
});

export const indicatorSchema = z.strictObject({
  ...base('indicator'),
  ...describable,
  ...sourcable,
  producer: text,
  valid_time: period.optional(),
  severity: severity.optional(),
  confidence: confidence.optional(),
  negate: z.boolean().optional(),
  indicator_type: z.array(z.enum(INDICATOR_TYPES)).optional(),
  tags: texts.optional(),
  likely_impact: text.optional(),
  kill_chain_phases: z.array(z.strictObject({ kill_chain_name: text, phase_name: text })).optional(),
  test_mechanisms: texts.optional(),
  composite_indicator_expression: z
    .strictObject({ operator: z.enum(['and', 'or', 'not']), indicator_ids: texts })
    .optional(),
  // CTIA checks a specification at its second layer only.
  specification: z.record(z.string(), z.unknown()).optional(),
});

export const relationshipSchema = z.strictObject({
  ...base('relationship'),
  ...describable,
  ...sourcable,
  // An open vocabulary: any text.
  relationship_type: text,
  source_ref: text,
  target_ref: text,
});

/** Neither describable nor sourcable. `secret` and `feed_view_url` are accepted and overwritten. */
export const feedSchema = z.strictObject({
  ...base('feed'),
  title: text.optional(),
  feed_type: z.literal('indicator'),
  output: z.enum(['observables', 'judgements']),
  indicator_id: text.optional(),
  lifetime: period.optional(),
  secret: text.optional(),
  feed_view_url: text.optional(),
});
