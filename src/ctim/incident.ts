import type { Described, EntityBase } from './bundle.ts';
import type { Confidence, Severity } from './judgement.ts';

export const INCIDENT_TIMES = [
  ...(['opened', 'discovered', 'reported', 'contained', 'remediated', 'rejected', 'closed'] as const),
];

export type IncidentTime = { opened: string } & { [T in (typeof INCIDENT_TIMES)[number]]?: string };

export interface IncidentDocument extends EntityBase, Described {
  confidence: Confidence;
  status: string;
  incident_time: IncidentTime;
  severity?: Severity;
  categories?: string[];
  discovery_method?: string;
  intended_effect?: string;
  assignees?: string[];
  detection_sources?: string[];
  promotion_method?: 'Manual' | 'Automated';
  tactics?: string[];
  techniques?: string[];
  meta?: Record<string, unknown>;
  scores?: Record<string, number>;
}

/** The relationship of a sighting to its incident, and of what else belongs to it. */
export const MEMBER_OF = 'member-of';
export const RELATED_TO = 'related-to';

export interface RelationshipDocument extends EntityBase, Described {
  relationship_type: string;
  source_ref: string;
  target_ref: string;
}

/** A status without what follows its colon: `Open` of `Open: Investigating`. */
export function statusFamily(status: string): string {
  return status.split(':', 1)[0] ?? status;
}
