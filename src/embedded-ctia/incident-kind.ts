import { z } from 'zod';
import { INCIDENT_STATUSES, SCORE_TYPES } from '../ctim/vocabulary.ts';
import { DEFAULT_SORT, DESCRIBED_NAMES, GENERIC_NAMES } from './field-names.ts';
import { incidentTimes } from './incident-status.ts';
import type { Kind } from './kinds.ts';
import { base, confidence, describable, instant, openObject, severity, sourcable, text, texts } from './schema.ts';
import {
  BASE_RULES,
  DESCRIBABLE_RULES,
  instant as instantRule,
  medium,
  type Rule,
  SOURCABLE_RULES,
  short,
} from './spec.ts';

const TIMES = ['opened', 'discovered', 'reported', 'remediated', 'closed', 'rejected', 'contained'];

const incidentTime = z.strictObject({
  ...Object.fromEntries(TIMES.map((name) => [name, instant.optional()])),
  opened: instant,
});

// CTIA keeps intervals (new to opened, opened to closed) beside an incident, for a metric that is not served here. They are
// in no answer and no body, so there is nothing of them to see.
const schema = z.strictObject({
  ...base('incident'),
  ...describable,
  ...sourcable,
  confidence,
  status: z.enum(INCIDENT_STATUSES),
  incident_time: incidentTime,
  severity: severity.optional(),
  categories: texts.optional(),
  discovery_method: text.optional(),
  intended_effect: text.optional(),
  assignees: texts.optional(),
  detection_sources: texts.optional(),
  promotion_method: z.enum(['Manual', 'Automated']).optional(),
  tactics: texts.optional(),
  techniques: texts.optional(),
  meta: openObject.optional(),
  scores: z.strictObject(Object.fromEntries(SCORE_TYPES.map((name) => [name, z.number().optional()]))).optional(),
});

export const incidentKind: Kind = {
  name: 'incident',
  plural: 'incidents',
  schema,
  patchSchema: schema.extend({ incident_time: incidentTime.partial() }).partial(),
  rules: [
    ...BASE_RULES,
    ...DESCRIBABLE_RULES,
    ...SOURCABLE_RULES,
    ...TIMES.map((name) => instantRule(`incident_time.${name}`)),
    ...['categories[]', 'discovery_method', 'intended_effect', 'assignees[]', 'tactics[]', 'techniques[]'].map(short),
    medium('detection_sources[]'),
    ...SCORE_TYPES.map(
      (name): Rule => ({ path: `scores.${name}`, holds: (score) => Number(score) >= 0, predicate: 'pos?' }),
    ),
  ],
  inBulk: true,
  inBundle: true,
  keepsTimestamp: true,
  fields: [
    ...[...GENERIC_NAMES, 'confidence', 'status', 'discovery_method', 'intended_effect', 'assignees'],
    ...['detection_sources', 'promotion_method', 'severity', 'tactics', 'techniques'],
    ...TIMES.map((name) => `incident_time.${name}`),
  ],
  sortNames: GENERIC_NAMES,
  searchFields: DESCRIBED_NAMES,
  filters: [
    ...['confidence', 'status', 'discovery_method', 'intended_effect', 'categories', 'assignees'],
    ...['detection_sources', 'promotion_method', 'severity', 'tactics', 'techniques', 'source'],
  ],
  repeatedFilters: ['tactics', 'techniques'],
  countRefuses: ['severity', 'tactics'],
  metrics: {
    values: [
      ...['assignees', 'detection_sources', 'categories', 'confidence', 'discovery_method', 'intended_effect'],
      ...['promotion_method', 'source', 'status', 'title', 'severity', 'tactics', 'techniques'],
    ],
    dates: ['timestamp', ...TIMES.map((name) => `incident_time.${name}`)],
  },
  defaultSort: DEFAULT_SORT,
  realize: (submitted, previous, now) => ({ incident_time: incidentTimes(submitted, previous, now) }),
};
