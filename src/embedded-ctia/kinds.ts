import type { z } from 'zod';
import { DISPOSITIONS, type DispositionName, dispositionNumber } from '../ctim/judgement.ts';
import { FAR_FUTURE, isoInstant } from './instants.ts';
import { feedSchema, indicatorSchema, judgementSchema, relationshipSchema } from './schema.ts';
import { FEED_RULES, INDICATOR_RULES, JUDGEMENT_RULES, RELATIONSHIP_RULES, type Rule } from './spec.ts';

/** A document as a request brings it, through the first layer. */
export interface Submitted {
  id?: string | undefined;
  external_ids?: string[] | undefined;
  tlp?: 'white' | 'green' | 'amber' | 'red' | undefined;
  [field: string]: unknown;
}

/** A document as it is kept and returned. */
export interface Stored {
  id: string;
  type: string;
  schema_version: string;
  owner: string;
  groups: string[];
  tlp: 'white' | 'green' | 'amber' | 'red';
  timestamp: string;
  created: string;
  modified: string;
  external_ids?: string[];
  authorized_users?: string[];
  authorized_groups?: string[];
  [field: string]: unknown;
}

/** Why a document cannot be realized: the third layer. Sent as the body of a 400, or inside a bulk result. */
export interface Unrealizable {
  readonly error: string;
  readonly judgement?: Submitted;
}

/**
 * What is particular to one kind of entity. Routes, bulk, bundle and search are loops over this table: a new kind is a
 * schema, its rules and a row.
 */
export interface Kind {
  readonly name: string;
  readonly plural: string;
  readonly schema: z.ZodType<Submitted>;
  readonly rules: readonly Rule[];
  /** Also in bulk requests and bundles; a feed is in neither. */
  readonly inBulk: boolean;
  /** Needs more than `create-<name>` for a PUT of one. */
  readonly putNeeds?: string;
  readonly expires?: boolean;
  /** Names for `fields`, and for `sort_by` outside of search. */
  readonly fields: readonly string[];
  readonly sortNames: readonly string[];
  readonly searchFields: readonly string[];
  /** Parameters that filter exactly, each a path into the document. */
  readonly filters: readonly string[];
  readonly defaultSort: readonly string[];
  /** Fills in what is this kind's own; `previous` is there on PUT. */
  readonly realize: (submitted: Submitted, previous: Stored | undefined, now: number) => object | Unrealizable;
}

const COMMON = ['id', 'schema_version', 'revision', 'timestamp', 'language', 'tlp'];
const GENERIC_SORT = [...COMMON, 'source', 'source_uri', 'title'];
const DEFAULT_SORT = ['timestamp', 'created', 'id'];
const DESCRIBED = ['id', 'source', 'title', 'description', 'short_description'];
const JUDGEMENT_FIELDS = [
  ...[...COMMON, 'source', 'source_uri', 'disposition', 'priority', 'confidence', 'severity'],
  ...['valid_time.start_time', 'valid_time.end_time', 'reason', 'observable.type', 'observable.value'],
];
const INDICATOR_FIELDS = [...GENERIC_SORT, 'indicator_type', 'likely_impact', 'confidence'];
const FEED_FIELDS = [...COMMON, 'output', 'indicator_id'];

export const KINDS: readonly Kind[] = [
  {
    name: 'indicator',
    plural: 'indicators',
    schema: indicatorSchema,
    rules: INDICATOR_RULES,
    inBulk: true,
    fields: INDICATOR_FIELDS,
    sortNames: INDICATOR_FIELDS,
    searchFields: DESCRIBED,
    filters: [
      ...['indicator_type', 'tags', 'kill_chain_phases', 'producer', 'specification', 'confidence', 'severity'],
      'source',
    ],
    defaultSort: DEFAULT_SORT,
    realize: (submitted, previous, now) => ({ valid_time: validTime(submitted, previous, now) }),
  },
  {
    name: 'judgement',
    plural: 'judgements',
    schema: judgementSchema,
    rules: JUDGEMENT_RULES,
    inBulk: true,
    // No scope grants it, so an ordinary client renews through bulk PUT.
    putNeeds: 'developer',
    expires: true,
    fields: JUDGEMENT_FIELDS,
    sortNames: JUDGEMENT_FIELDS,
    searchFields: ['id', 'source', 'disposition_name', 'observable.value', 'reason'],
    filters: ['disposition', 'disposition_name', 'priority', 'severity', 'confidence', 'source'],
    defaultSort: DEFAULT_SORT,
    realize(submitted, previous, now) {
      const disposition = disposed(submitted);
      return 'error' in disposition ? disposition : { ...disposition, valid_time: validTime(submitted, previous, now) };
    },
  },
  {
    name: 'relationship',
    plural: 'relationships',
    schema: relationshipSchema,
    rules: RELATIONSHIP_RULES,
    inBulk: true,
    fields: [...GENERIC_SORT, 'relationship_type', 'source_ref', 'target_ref'],
    sortNames: GENERIC_SORT,
    searchFields: DESCRIBED,
    filters: ['relationship_type', 'source_ref', 'target_ref', 'source'],
    defaultSort: ['created', 'id'],
    realize(submitted) {
      const open = [submitted.source_ref, submitted.target_ref].some((ref) => String(ref).startsWith('transient:'));
      return open ? { error: UNRESOLVED } : {};
    },
  },
  {
    name: 'feed',
    plural: 'feeds',
    schema: feedSchema,
    rules: FEED_RULES,
    inBulk: false,
    fields: FEED_FIELDS,
    sortNames: FEED_FIELDS,
    searchFields: [],
    filters: [],
    defaultSort: DEFAULT_SORT,
    // Secret and view URL need the feed's id: they are made by the feed routes.
    realize: () => ({}),
  },
];

export function kindNamed(name: string): Kind {
  const kind = KINDS.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Error(`no kind is called ${name}`);
  return kind;
}

const UNRESOLVED =
  'A relationship cannot be created if a source or a target ref is still a transient ID (The source or target entity is probably not provided in the bundle)';

interface Period {
  start_time?: string | undefined;
  end_time?: string | undefined;
}

/** Each bound is the given one, else the previous one, else now and the far future. So a PUT without an end keeps the old end. */
function validTime(submitted: Submitted, previous: Stored | undefined, now: number): Period {
  const given = submitted.valid_time as Period | undefined;
  const before = previous?.valid_time as Period | undefined;
  return {
    start_time: given?.start_time ?? before?.start_time ?? isoInstant(now),
    end_time: given?.end_time ?? before?.end_time ?? FAR_FUTURE,
  };
}

/** Number and name of the disposition are made to agree. A PUT that brings neither becomes Unknown: the previous value is not looked at. */
function disposed(submitted: Submitted): { disposition: number; disposition_name: string } | Unrealizable {
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
