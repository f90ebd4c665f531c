import type { Entity } from '../ctim/bundle.ts';
import type { IncidentDocument } from '../ctim/incident.ts';
import type { Confidence, Disposition, ExternalReference, Severity, Tlp, ValidTime } from '../ctim/judgement.ts';
import type { SightingDocument } from '../ctim/sighting.ts';
import { isRecord } from './answer.ts';
import { CtiaError } from './error.ts';

/**
 * Entities as CTIA returns them: the fields that we read, checked where a wrong one would decide something wrongly.
 * CTIA does not validate an observable's value or a priority's range, and other clients write what they like, so type
 * and value are any text here.
 */
export interface StoredBase {
  id: string;
  externalIds: readonly string[];
  groups: readonly string[];
  tlp: Tlp;
  created: string;
}

export interface StoredJudgement extends StoredBase {
  observable: { type: string; value: string };
  disposition: Disposition;
  reason: string | undefined;
  source: string;
  source_uri: string | undefined;
  priority: number;
  severity: Severity;
  confidence: Confidence;
  valid_time: ValidTime;
  external_references: ExternalReference[];
  /** The login that made it: of what is foreign, who must act. */
  owner: string | undefined;
}

export interface StoredRelationship extends StoredBase {
  relationship_type: string;
  source_ref: string;
  target_ref: string;
}

export interface StoredIndicator extends StoredBase {
  producer: string;
  title: string | undefined;
  short_description: string | undefined;
  description: string | undefined;
  source: string | undefined;
  source_uri: string | undefined;
  /** When it was last written: of the state indicator, when a run last wrote. */
  modified: string;
  valid_time: Partial<ValidTime> | undefined;
}

export interface StoredFeed extends StoredBase {
  /** The login that made it: its view is read with that login's rights. */
  owner: string;
  title: string | undefined;
  output: string;
  indicator_id: string | undefined;
  lifetime: Partial<ValidTime> | undefined;
  /** Carries the feed's secret: only for pulling the view, and for a person who asks for it. */
  feed_view_url: string;
}

/** Of any kind and whole, so that it can be written again elsewhere. */
export type StoredEntity = Entity & { id: string; external_ids: string[]; groups: string[] };

/** What the server sets, beside the whole document. */
interface StoredWhole {
  id: string;
  external_ids: string[];
  groups: string[];
  /** The login that made it. */
  owner?: string;
}

export interface StoredIncident extends IncidentDocument, StoredWhole {
  id: string;
  external_ids: string[];
}

export interface StoredSighting extends SightingDocument, StoredWhole {
  id: string;
  external_ids: string[];
}

/** Computed when it is asked for. */
export interface StoredVerdict {
  disposition: Disposition;
  judgement_id: string;
}

export function storedJudgement(value: unknown): StoredJudgement {
  const fields = record(value, 'judgement');
  const observable = record(fields.observable, 'observable');
  const validTime = record(fields.valid_time, 'valid_time');
  return {
    ...base(fields),
    observable: { type: text(observable, 'type'), value: text(observable, 'value') },
    disposition: number(fields, 'disposition') as Disposition,
    reason: optionalText(fields, 'reason'),
    source: text(fields, 'source'),
    source_uri: optionalText(fields, 'source_uri'),
    priority: number(fields, 'priority'),
    severity: text(fields, 'severity') as Severity,
    confidence: text(fields, 'confidence') as Confidence,
    valid_time: { start_time: text(validTime, 'start_time'), end_time: text(validTime, 'end_time') },
    external_references: (fields.external_references as ExternalReference[] | undefined) ?? [],
    owner: optionalText(fields, 'owner'),
  };
}

export function storedRelationship(value: unknown): StoredRelationship {
  const fields = record(value, 'relationship');
  return {
    ...base(fields),
    relationship_type: text(fields, 'relationship_type'),
    source_ref: text(fields, 'source_ref'),
    target_ref: text(fields, 'target_ref'),
  };
}

export function storedIndicator(value: unknown): StoredIndicator {
  const fields = record(value, 'indicator');
  return {
    ...base(fields),
    producer: text(fields, 'producer'),
    title: optionalText(fields, 'title'),
    short_description: optionalText(fields, 'short_description'),
    description: optionalText(fields, 'description'),
    source: optionalText(fields, 'source'),
    source_uri: optionalText(fields, 'source_uri'),
    modified: text(fields, 'modified'),
    valid_time: fields.valid_time as Partial<ValidTime> | undefined,
  };
}

export function storedFeed(value: unknown): StoredFeed {
  const fields = record(value, 'feed');
  return {
    ...base(fields),
    owner: text(fields, 'owner'),
    title: optionalText(fields, 'title'),
    output: text(fields, 'output'),
    indicator_id: optionalText(fields, 'indicator_id'),
    lifetime: fields.lifetime as Partial<ValidTime> | undefined,
    feed_view_url: text(fields, 'feed_view_url'),
  };
}

export function storedVerdict(value: unknown): StoredVerdict {
  const fields = record(value, 'verdict');
  return { disposition: number(fields, 'disposition') as Disposition, judgement_id: text(fields, 'judgement_id') };
}

export function storedEntity(value: unknown): StoredEntity {
  const fields = record(value, 'entity');
  const { external_ids, groups } = fields;
  return { ...fields, id: text(fields, 'id'), external_ids: [...texts(external_ids)], groups: [...texts(groups)] };
}

export function storedIncident(value: unknown): StoredIncident {
  const entity = storedEntity(value);
  text(entity, 'status');
  text(record(entity.incident_time, 'incident_time'), 'opened');
  return entity as StoredEntity & IncidentDocument;
}

export function storedSighting(value: unknown): StoredSighting {
  const entity = storedEntity(value);
  text(record(entity.observed_time, 'observed_time'), 'start_time');
  return entity as StoredEntity & SightingDocument;
}

function base(fields: Record<string, unknown>): StoredBase {
  return {
    id: text(fields, 'id'),
    externalIds: texts(fields.external_ids),
    groups: texts(fields.groups),
    tlp: text(fields, 'tlp') as Tlp,
    created: text(fields, 'created'),
  };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new CtiaError(
    'unexpected',
    `CTIA returned ${value === null ? 'null' : typeof value} where a ${what} was expected`,
  );
}

function text(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new CtiaError('unexpected', `CTIA returned an entity without the text field ${name} (id ${String(fields.id)})`);
}

function optionalText(fields: Record<string, unknown>, name: string): string | undefined {
  return fields[name] === undefined ? undefined : text(fields, name);
}

function number(fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value === 'number') return value;
  throw new CtiaError('unexpected', `CTIA returned an entity without the number ${name} (id ${String(fields.id)})`);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
