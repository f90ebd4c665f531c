import { randomUUID } from 'node:crypto';
import type { Session } from './session.ts';

/** Documents as small as §1.6 to §1.14 allow, amber so that on a shared server nobody else sees them. */
type Document = Record<string, unknown>;

export function judgement(session: Session, more: Document = {}): Document {
  return {
    observable: { type: 'domain', value: `${session.name()}.example` },
    source: session.run,
    priority: 90,
    severity: 'High',
    confidence: 'High',
    disposition: 2,
    tlp: 'amber',
    ...more,
  };
}

export function indicator(session: Session, more: Document = {}): Document {
  return { producer: session.run, title: session.name(), source: session.run, tlp: 'amber', ...more };
}

export function relationship(session: Session, source: string, target: string, more: Document = {}): Document {
  return {
    relationship_type: 'element-of',
    source_ref: source,
    target_ref: target,
    source: session.run,
    tlp: 'amber',
    ...more,
  };
}

export function sighting(session: Session, more: Document = {}): Document {
  return {
    observed_time: { start_time: '2026-01-02T03:04:05.000Z' },
    title: session.name(),
    source: session.run,
    tlp: 'amber',
    ...more,
  };
}

export function incident(session: Session, more: Document = {}): Document {
  return {
    confidence: 'High',
    status: 'New',
    incident_time: { opened: '2026-01-02T03:04:05.000Z' },
    title: session.name(),
    source: session.run,
    tlp: 'amber',
    ...more,
  };
}

export function feed(session: Session, more: Document = {}): Document {
  return { feed_type: 'indicator', output: 'observables', title: session.name(), tlp: 'amber', ...more };
}

export function casebook(session: Session, more: Document = {}): Document {
  return { title: session.name(), source: session.run, tlp: 'amber', ...more };
}

/** A reference to a server that is not ours, which nobody follows (§1.3). */
export function foreignRef(type: string): string {
  return `https://ctia.example:443/ctia/${type}/${type}-${randomUUID()}`;
}

export function unknownId(type: string): string {
  return `${type}-${randomUUID()}`;
}

export interface Kind {
  readonly type: string;
  readonly make: (session: Session, more?: Document) => Document;
  /** The field that holds the longest text of at most 1024 characters. */
  readonly short: 'title' | 'reason';
  /** A field to change in a PUT, and one that a PUT without it drops. */
  readonly change: Document;
  /** Appendix B, beside the names that all have. */
  readonly fields: readonly string[];
}

const COMMON_FIELDS = ['id', 'schema_version', 'revision', 'timestamp', 'language', 'tlp'];
const SOURCED = ['source', 'source_uri', 'title'];
const INTERVALS = ['observed_time', 'activity_interval', 'detection_interval', 'modification_interval'];
const INCIDENT_TIMES = ['opened', 'discovered', 'reported', 'remediated', 'closed', 'rejected', 'contained'];

/** The entities over which the cases marked "gen" run. */
export const KINDS: readonly Kind[] = [
  {
    type: 'judgement',
    make: judgement,
    short: 'reason',
    change: { reason: 'changed' },
    fields: [
      ...COMMON_FIELDS,
      ...['source', 'source_uri', 'disposition', 'priority', 'confidence', 'severity', 'reason'],
      ...['valid_time.start_time', 'valid_time.end_time', 'observable.type', 'observable.value'],
    ],
  },
  {
    type: 'indicator',
    make: indicator,
    short: 'title',
    change: { description: 'changed' },
    fields: [...COMMON_FIELDS, ...SOURCED, 'indicator_type', 'likely_impact', 'confidence'],
  },
  {
    type: 'relationship',
    make: (session, more) => relationship(session, foreignRef('judgement'), foreignRef('indicator'), more),
    short: 'title',
    change: { description: 'changed' },
    fields: [...COMMON_FIELDS, ...SOURCED, 'relationship_type', 'source_ref', 'target_ref'],
  },
  {
    type: 'sighting',
    make: sighting,
    short: 'title',
    change: { description: 'changed' },
    fields: [
      ...COMMON_FIELDS,
      ...SOURCED,
      ...['confidence', 'count', 'sensor'],
      ...INTERVALS.flatMap((interval) => [`${interval}.start_time`, `${interval}.end_time`]),
    ],
  },
  {
    type: 'incident',
    make: incident,
    short: 'title',
    change: { description: 'changed' },
    fields: [
      ...COMMON_FIELDS,
      ...SOURCED,
      ...['confidence', 'status', 'discovery_method', 'intended_effect', 'assignees', 'detection_sources'],
      ...['promotion_method', 'severity', 'tactics', 'techniques'],
      ...INCIDENT_TIMES.map((time) => `incident_time.${time}`),
    ],
  },
  {
    type: 'feed',
    make: feed,
    short: 'title',
    change: { output: 'judgements' },
    fields: [...COMMON_FIELDS, 'output', 'indicator_id'],
  },
  {
    type: 'casebook',
    make: casebook,
    short: 'title',
    change: { description: 'changed' },
    fields: [...COMMON_FIELDS, ...SOURCED],
  },
];
