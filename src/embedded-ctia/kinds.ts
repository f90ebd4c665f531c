import type { z } from 'zod';
import { bundleSchema } from './bundle-schema.ts';
import { casebookKind } from './casebook-kind.ts';
import { feedKind } from './feed-kind.ts';
import { assetDetailKind, openKind, openKindWithValidity } from './generic-kinds.ts';
import { incidentKind } from './incident-kind.ts';
import { indicatorKind } from './indicator-kind.ts';
import { judgementKind } from './judgement-kind.ts';
import { relationshipKind } from './relationship-kind.ts';
import { sightingKind } from './sighting-kind.ts';
import type { Rule } from './spec.ts';

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
 * What is particular to one kind of entity. Routes, bulk, bundle, search and the OpenAPI document are loops over the table
 * below: a new kind is a schema, its rules and a row.
 */
export interface Kind {
  /** As in paths and ids: `attack-pattern`. */
  readonly name: string;
  /** As in bulk requests and bundles: `attack_patterns`. */
  readonly plural: string;
  /** The first layer, of POST and PUT. */
  readonly schema: z.ZodType<Submitted>;
  /** The first layer of PATCH: a document in parts. Where it is absent there is no PATCH, of one or in bulk. */
  readonly patchSchema?: z.ZodType<Submitted>;
  /** The second layer. */
  readonly rules: readonly Rule[];
  /** A feed is in no bulk request; a casebook and an investigation are in bulk requests and in no bundle that is imported. */
  readonly inBulk: boolean;
  readonly inBundle: boolean;
  /** Where a transient id of the same request becomes the id that its entity got. */
  readonly references?: readonly string[];
  /** Needs more than `create-<name>` for a PUT of one. */
  readonly putNeeds?: string;
  readonly expires?: boolean;
  /** A PUT without a timestamp keeps the previous one. */
  readonly keepsTimestamp?: boolean;
  /** Names for `fields`, and for `sort_by` on the routes of observables. */
  readonly fields: readonly string[];
  /** Names for `sort_by` on the external_id route. Search takes any. */
  readonly sortNames: readonly string[];
  readonly searchFields: readonly string[];
  /** Parameters that filter exactly, each a path into the document; `repeatedFilters` are those that may come more than once. */
  readonly filters: readonly string[];
  readonly repeatedFilters?: readonly string[];
  /** Filters of search that count and DELETE search refuse. */
  readonly countRefuses?: readonly string[];
  /** What metrics count: values that can be listed, and dates. Where it is absent there are none. */
  readonly metrics?: { readonly values: readonly string[]; readonly dates: readonly string[] };
  readonly defaultSort: readonly string[];
  /** Fills in what is this kind's own; `previous` is there on PUT. */
  readonly realize: (submitted: Submitted, previous: Stored | undefined, now: number) => object | Unrealizable;
}

const UNREFERRING: readonly Kind[] = [
  indicatorKind,
  judgementKind,
  sightingKind,
  incidentKind,
  openKindWithValidity('actor', 'actors'),
  openKindWithValidity('asset', 'assets'),
  openKind('attack-pattern', 'attack_patterns'),
  openKindWithValidity('campaign', 'campaigns'),
  openKindWithValidity('coa', 'coas'),
  openKindWithValidity('data-table', 'data_tables'),
  openKind('feedback', 'feedbacks'),
  openKindWithValidity('identity-assertion', 'identity_assertions'),
  openKind('malware', 'malwares'),
  openKind('note', 'notes', { patched: true }),
  openKind('target-record', 'target_records'),
  openKind('tool', 'tools'),
  openKind('vulnerability', 'vulnerabilities'),
  openKind('weakness', 'weaknesses'),
];

/** These come after the kinds that they refer to, because a bulk request creates in the order of this table. */
const REFERRING: readonly Kind[] = [
  assetDetailKind('asset-mapping', 'asset_mappings'),
  assetDetailKind('asset-properties', 'asset_properties'),
  relationshipKind,
];

export const BUNDLE_KINDS: readonly Kind[] = [...UNREFERRING, ...REFERRING];

export const KINDS: readonly Kind[] = [
  ...UNREFERRING,
  openKind('investigation', 'investigations', { inBundle: false }),
  casebookKind(bundleSchema(BUNDLE_KINDS)),
  ...REFERRING,
  feedKind,
];

export const BULK_KINDS: readonly Kind[] = KINDS.filter((kind) => kind.inBulk);

export function kindNamed(name: string): Kind {
  const kind = KINDS.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Error(`no kind is called ${name}`);
  return kind;
}
