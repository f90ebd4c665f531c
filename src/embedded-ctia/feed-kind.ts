import { z } from 'zod';
import { COMMON_NAMES, DEFAULT_SORT } from './field-names.ts';
import type { Kind } from './kinds.ts';
import { base, period, text } from './schema.ts';
import { BASE_RULES, period as periodRules, short } from './spec.ts';

const FIELDS = [...COMMON_NAMES, 'output', 'indicator_id'];

export const feedKind: Kind = {
  name: 'feed',
  plural: 'feeds',
  // Neither describable nor sourcable. `secret` and `feed_view_url` are accepted and overwritten.
  schema: z.strictObject({
    ...base('feed'),
    title: text.optional(),
    feed_type: z.literal('indicator'),
    output: z.enum(['observables', 'judgements']),
    indicator_id: text.optional(),
    lifetime: period.optional(),
    secret: text.optional(),
    feed_view_url: text.optional(),
  }),
  rules: [...BASE_RULES, short('title'), ...periodRules('lifetime')],
  inBulk: false,
  inBundle: false,
  fields: FIELDS,
  sortNames: FIELDS,
  searchFields: [],
  filters: [],
  defaultSort: DEFAULT_SORT,
  // Secret and view URL need the feed's id: they are made by the feed routes.
  realize: () => ({}),
};
