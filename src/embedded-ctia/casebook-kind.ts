import { z } from 'zod';
import { DEFAULT_SORT, DESCRIBED_NAMES, GENERIC_NAMES } from './field-names.ts';
import type { Kind } from './kinds.ts';
import { base, describable, observable, sourcable, text } from './schema.ts';
import { BASE_RULES, DESCRIBABLE_RULES, SOURCABLE_RULES } from './spec.ts';

/** `bundle` is what an import takes, and nothing of it is required here: casebooks keep bundles in the making. */
export function casebookParts(bundle: z.ZodObject) {
  return {
    observables: z.array(observable),
    texts: z.array(z.strictObject({ type: text, text })),
    bundle: bundle.partial(),
  };
}

export function casebookKind(bundle: z.ZodObject): Kind {
  const { observables, texts, bundle: part } = casebookParts(bundle);
  return {
    name: 'casebook',
    plural: 'casebooks',
    schema: z.strictObject({
      ...base('casebook'),
      ...describable,
      ...sourcable,
      observables: observables.optional(),
      texts: texts.optional(),
      bundle: part.optional(),
    }),
    // It has a PATCH of its own, and none in bulk.
    rules: [...BASE_RULES, ...DESCRIBABLE_RULES, ...SOURCABLE_RULES],
    inBulk: true,
    inBundle: false,
    fields: GENERIC_NAMES,
    sortNames: GENERIC_NAMES,
    searchFields: [...DESCRIBED_NAMES, 'observables.value'],
    filters: ['source'],
    metrics: { values: ['source', 'observables.type', 'observables.value'], dates: ['timestamp'] },
    defaultSort: DEFAULT_SORT,
    realize: () => ({}),
  };
}
