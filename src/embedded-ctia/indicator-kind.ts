import { z } from 'zod';
import { INDICATOR_TYPES, LOCKHEED_MARTIN, LOCKHEED_MARTIN_PHASES } from '../ctim/vocabulary.ts';
import { DEFAULT_SORT, DESCRIBED_NAMES, GENERIC_NAMES } from './field-names.ts';
import { isReference } from './ids.ts';
import type { Kind } from './kinds.ts';
import { base, confidence, describable, openObject, period, severity, sourcable, text, texts } from './schema.ts';
import {
  BASE_RULES,
  DESCRIBABLE_RULES,
  long,
  medium,
  period as periodRules,
  reference,
  SOURCABLE_RULES,
  short,
} from './spec.ts';
import { validTime } from './valid-time.ts';

const FIELDS = [...GENERIC_NAMES, 'indicator_type', 'likely_impact', 'confidence'];

export const indicatorKind: Kind = {
  name: 'indicator',
  plural: 'indicators',
  schema: z.strictObject({
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
    specification: openObject.optional(),
  }),
  rules: [
    ...BASE_RULES,
    ...DESCRIBABLE_RULES,
    ...SOURCABLE_RULES,
    short('producer'),
    short('tags[]'),
    long('likely_impact'),
    medium('test_mechanisms[]'),
    ...periodRules('valid_time'),
    ...reference('composite_indicator_expression.indicator_ids[]'),
    { path: 'kill_chain_phases[]', holds: isKillChainPhase, predicate: 'kill-chain-phase?' },
    { path: 'specification', holds: isSpecification, predicate: 'specification?' },
  ],
  inBulk: true,
  inBundle: true,
  fields: FIELDS,
  sortNames: FIELDS,
  searchFields: DESCRIBED_NAMES,
  filters: [
    ...['indicator_type', 'tags', 'kill_chain_phases', 'producer', 'specification', 'confidence', 'severity'],
    'source',
  ],
  metrics: {
    values: ['source', 'indicator_type', 'likely_impact', 'confidence', 'producer', 'tags'],
    dates: ['timestamp', 'valid_time.start_time', 'valid_time.end_time'],
  },
  defaultSort: DEFAULT_SORT,
  realize: (submitted, previous, now) => ({ valid_time: validTime(submitted, previous, now) }),
};

function isKillChainPhase(value: unknown): boolean {
  const { kill_chain_name: chain, phase_name: phase } = value as { kill_chain_name: string; phase_name: string };
  if (![chain, phase].every((name) => /^[0-9a-z_-]{1,1024}$/.test(name))) return false;
  return chain !== LOCKHEED_MARTIN || LOCKHEED_MARTIN_PHASES.includes(phase);
}

const relatedJudgement = z.strictObject({
  judgement_id: text.refine(isReference),
  confidence: confidence.optional(),
  source: text.optional(),
  relationship: text.optional(),
});
const specification = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('Judgement'),
    judgements: z.array(text.refine(isReference)),
    required_judgements: z.array(relatedJudgement),
  }),
  z.object({ type: z.literal('ThreatBrain'), query: text.optional(), variables: texts }),
  z.object({ type: z.literal('Snort'), snort_sig: text }),
  z.object({ type: z.literal('SIOC'), SIOC: text }),
  z.object({ type: z.literal('OpenIOC'), open_IOC: text }),
]);

function isSpecification(value: unknown): boolean {
  return specification.safeParse(value).success;
}
