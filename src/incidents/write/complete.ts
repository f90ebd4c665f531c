import type { Entity, Plural } from '../../ctim/bundle.ts';
import type { Tlp } from '../../ctim/judgement.ts';
import type { SightingDocument } from '../../ctim/sighting.ts';

/** What is said where an author said nothing. */
export interface Unsaid {
  readonly source: string;
  readonly tlp: Tlp;
  /** Epoch ms, by the server's clock. */
  readonly now: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** CTIA's own default is the year 2525: a verdict for ever, of an incident that is long closed. */
const EVIDENCE_LASTS_MS = 30 * DAY_MS;
/** Clocks differ: what is valid from now on is valid from a little before. */
const BEFORE_MS = 5 * 60 * 1000;
/** CTIM's guide: at most 90 for what a program says. */
const PRIORITY = 90;

const DEFAULTS: Partial<Record<Plural, (entity: Entity, unsaid: Unsaid) => Entity>> = {
  incidents: (entity, { source, now }) => ({
    status: 'New',
    confidence: 'Unknown',
    source,
    ...entity,
    incident_time: { opened: iso(now), ...(entity.incident_time as object | undefined) },
  }),
  sightings: (entity, { source }) => sightingWith({ source, ...entity }),
  indicators: (entity, { source }) => ({ producer: source, ...entity }),
  judgements: (entity, { source, now }) => ({
    ...{ source, priority: PRIORITY, severity: 'Unknown', confidence: 'Unknown' },
    ...entity,
    valid_time: validTime(entity.valid_time as { start_time?: string; end_time?: string } | undefined, now),
  }),
};

/** The entity as it is sent, but for its ids. CTIA's default tlp is green, which other organisations may read. */
export function completed(plural: Plural, entity: Entity, unsaid: Unsaid): Entity {
  const whole = DEFAULTS[plural]?.(entity, unsaid) ?? entity;
  return { tlp: unsaid.tlp, ...whole };
}

function sightingWith(sighting: Entity): Entity {
  const { targets, relations, observed_time, sensor, source } = sighting as Partial<SightingDocument>;
  return {
    ...sighting,
    ...(targets && { targets: targets.map((target) => ({ ...{ type: 'endpoint', observed_time }, ...target })) }),
    // CTIM wants to know who says so.
    ...(relations && { relations: relations.map((relation) => ({ ...{ origin: sensor ?? source }, ...relation })) }),
  };
}

function validTime(said: { start_time?: string; end_time?: string } = {}, now: number) {
  const start = said.start_time ?? iso(Math.min(now - BEFORE_MS, said.end_time ? Date.parse(said.end_time) : now));
  return { start_time: start, end_time: said.end_time ?? iso(Date.parse(start) + EVIDENCE_LASTS_MS) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
