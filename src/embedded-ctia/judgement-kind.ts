import { z } from 'zod';
import { DISPOSITIONS, type DispositionName, dispositionNumber } from '../ctim/judgement.ts';
import { COMMON_NAMES, DEFAULT_SORT } from './field-names.ts';
import type { Kind, Submitted, Unrealizable } from './kinds.ts';
import { base, confidence, disposition, dispositionName, observable, period, severity, text } from './schema.ts';
import { BASE_RULES, period as periodRules, SOURCABLE_RULES, short, uri } from './spec.ts';
import { validTime } from './valid-time.ts';

const FIELDS = [
  ...[...COMMON_NAMES, 'source', 'source_uri', 'disposition', 'priority', 'confidence', 'severity'],
  ...['valid_time.start_time', 'valid_time.end_time', 'reason', 'observable.type', 'observable.value'],
];

export const judgementKind: Kind = {
  name: 'judgement',
  plural: 'judgements',
  schema: z.strictObject({
    ...base('judgement'),
    observable,
    source: text,
    source_uri: text.optional(),
    // No range is enforced, whatever the documentation says of 0 to 100.
    priority: z.int(),
    severity,
    confidence,
    disposition: disposition.optional(),
    disposition_name: dispositionName.optional(),
    valid_time: period.optional(),
    reason: text.optional(),
    reason_uri: text.optional(),
  }),
  rules: [...BASE_RULES, ...SOURCABLE_RULES, short('reason'), ...uri('reason_uri'), ...periodRules('valid_time')],
  inBulk: true,
  inBundle: true,
  // No scope grants it, so an ordinary client renews through bulk PUT.
  putNeeds: 'developer',
  expires: true,
  fields: FIELDS,
  sortNames: FIELDS,
  searchFields: ['id', 'source', 'disposition_name', 'observable.value', 'reason'],
  filters: ['disposition', 'disposition_name', 'priority', 'severity', 'confidence', 'source'],
  metrics: {
    values: ['disposition', 'priority', 'confidence', 'severity', 'observable.type', 'observable.value'],
    dates: ['timestamp', 'valid_time.start_time', 'valid_time.end_time'],
  },
  defaultSort: DEFAULT_SORT,
  realize(submitted, previous, now) {
    const disposed = disposedOf(submitted);
    return 'error' in disposed ? disposed : { ...disposed, valid_time: validTime(submitted, previous, now) };
  },
};

/** Number and name of the disposition are made to agree. A PUT that brings neither becomes Unknown: the previous value is not looked at. */
function disposedOf(submitted: Submitted): { disposition: number; disposition_name: string } | Unrealizable {
  const number = submitted.disposition as keyof typeof DISPOSITIONS | undefined;
  const name = submitted.disposition_name as DispositionName | undefined;
  if (number === undefined) {
    const known = name ?? 'Unknown';
    return { disposition: dispositionNumber(known), disposition_name: known };
  }
  if (name !== undefined && DISPOSITIONS[number] !== name) {
    // The misspelling is CTIA's.
    return { error: 'Mismatched disposition and dispositon_name for judgement', judgement: submitted };
  }
  return { disposition: number, disposition_name: DISPOSITIONS[number] };
}
