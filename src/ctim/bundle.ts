import type { ExternalReference, Tlp } from './judgement.ts';

/** Of any of CTIM's types, with a value as its author wrote it: in sightings hosts, users and processes are seen too. */
export interface AnyObservable {
  readonly type: string;
  readonly value: string;
}

/** What every entity may bear, but for what the server sets. */
export interface EntityBase {
  id?: string;
  type?: string;
  external_ids?: string[];
  external_references?: ExternalReference[];
  tlp?: Tlp;
  timestamp?: string;
  language?: string;
  revision?: number;
}

/** *Describable* and *sourcable*. */
export interface Described {
  title?: string;
  description?: string;
  short_description?: string;
  source?: string;
  source_uri?: string;
}

/** The collections of a bundle, and what one of each is called. Feeds, casebooks and investigations are in no bundle. */
export const BUNDLE_KINDS = {
  incidents: 'incident',
  sightings: 'sighting',
  indicators: 'indicator',
  judgements: 'judgement',
  relationships: 'relationship',
  actors: 'actor',
  assets: 'asset',
  asset_mappings: 'asset-mapping',
  asset_properties: 'asset-properties',
  attack_patterns: 'attack-pattern',
  campaigns: 'campaign',
  coas: 'coa',
  data_tables: 'data-table',
  feedbacks: 'feedback',
  identity_assertions: 'identity-assertion',
  malwares: 'malware',
  notes: 'note',
  target_records: 'target-record',
  tools: 'tool',
  vulnerabilities: 'vulnerability',
  weaknesses: 'weakness',
} as const;

/** The name of a collection, `sightings`; bulk requests have the same. */
export type Plural = keyof typeof BUNDLE_KINDS;
export const PLURALS = Object.keys(BUNDLE_KINDS) as Plural[];

/** An entity of any kind, whole: what is only carried (copied, counted, deleted) is not looked into. */
export type Entity = EntityBase & Record<string, unknown>;

/** What travels in one import. Relationships may point at the transient ids of what goes with them. */
export type Bundle = { type: 'bundle'; source: string } & { [P in Plural]?: readonly object[] };

/** `sightings` of `https://…/ctia/sighting/sighting-<uuid>`, or of its short id; undefined where no bundle has such. */
export function pluralOf(id: string): Plural | undefined {
  const name = /(?:^|\/)([a-z][a-z-]*)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.exec(id)?.[1];
  return PLURALS.find((plural) => BUNDLE_KINDS[plural] === name);
}

export function isTransient(id: string): boolean {
  return id.startsWith('transient:');
}

/** What only the server says of an entity; everything else is its author's. */
const SET_BY_SERVER = ['id', 'schema_version', 'owner', 'groups', 'client_id', 'created', 'modified'] as const;

/** As it was written: what may be written again, here or elsewhere. */
export function asWritten(stored: Entity): Entity {
  const entity = { ...stored };
  for (const key of SET_BY_SERVER) delete entity[key];
  return entity;
}
