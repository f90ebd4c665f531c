import { z } from 'zod';
import { DESCRIBED_NAMES, GENERIC_NAMES } from './field-names.ts';
import type { Kind } from './kinds.ts';
import { base, describable, sourcable, text } from './schema.ts';
import { BASE_RULES, DESCRIBABLE_RULES, reference, SOURCABLE_RULES, short } from './spec.ts';

const REFERENCES = ['source_ref', 'target_ref'];

export const relationshipKind: Kind = {
  name: 'relationship',
  plural: 'relationships',
  schema: z.strictObject({
    ...base('relationship'),
    ...describable,
    ...sourcable,
    // An open vocabulary: any text.
    relationship_type: text,
    source_ref: text,
    target_ref: text,
  }),
  rules: [
    ...BASE_RULES,
    ...DESCRIBABLE_RULES,
    ...SOURCABLE_RULES,
    short('relationship_type'),
    ...REFERENCES.flatMap(reference),
  ],
  inBulk: true,
  inBundle: true,
  references: REFERENCES,
  fields: [...GENERIC_NAMES, 'relationship_type', 'source_ref', 'target_ref'],
  sortNames: GENERIC_NAMES,
  searchFields: DESCRIBED_NAMES,
  filters: ['relationship_type', 'source_ref', 'target_ref', 'source'],
  metrics: { values: ['source', 'relationship_type'], dates: ['timestamp'] },
  defaultSort: ['created', 'id'],
  realize(submitted) {
    const open = [submitted.source_ref, submitted.target_ref].some((ref) => String(ref).startsWith('transient:'));
    return open ? { error: UNRESOLVED } : {};
  },
};

const UNRESOLVED =
  'A relationship cannot be created if a source or a target ref is still a transient ID (The source or target entity is probably not provided in the bundle)';
