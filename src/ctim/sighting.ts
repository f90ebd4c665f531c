import type { AnyObservable, Described, EntityBase } from './bundle.ts';
import type { Confidence, Severity } from './judgement.ts';

export interface ObservedTime {
  start_time: string;
  end_time?: string;
}

/** A machine or an account that something was done to. */
export interface SightingTarget {
  /** Of CTIM's sensors, such as `endpoint.server`. */
  type: string;
  observables: readonly AnyObservable[];
  observed_time: ObservedTime;
  os?: string;
}

/** `source` did `relation` to `related`, as `origin` says: an address `Connected_To` a host. */
export interface SightingRelation {
  origin: string;
  origin_uri?: string;
  relation: string;
  relation_info?: Record<string, unknown>;
  source: AnyObservable;
  related: AnyObservable;
}

export interface SensorCoordinates {
  type: string;
  observables: readonly AnyObservable[];
  os?: string;
}

/** Something that was seen, by whom, when, how often. What its data table and its context hold is carried, not read. */
export interface SightingDocument extends EntityBase, Described {
  observed_time: ObservedTime;
  count?: number;
  confidence?: Confidence;
  severity?: Severity;
  internal?: boolean;
  resolution?: string;
  sensor?: string;
  sensor_coordinates?: SensorCoordinates;
  observables?: readonly AnyObservable[];
  targets?: readonly SightingTarget[];
  relations?: readonly SightingRelation[];
  data?: Record<string, unknown>;
  context?: Record<string, unknown>;
  activity_interval?: ObservedTime;
  detection_interval?: ObservedTime;
  modification_interval?: ObservedTime;
}
