import type { Observable } from './observable.ts';

/** CTIM's closed vocabularies, in CTIM's spelling and order. */
export const DISPOSITIONS = { 1: 'Clean', 2: 'Malicious', 3: 'Suspicious', 4: 'Common', 5: 'Unknown' } as const;
export const SEVERITIES = ['Info', 'Low', 'Medium', 'High', 'Critical', 'None', 'Unknown'] as const;
export const CONFIDENCES = ['Info', 'Low', 'Medium', 'High', 'None', 'Unknown'] as const;
export const TLPS = ['white', 'green', 'amber', 'red'] as const;

export type Disposition = keyof typeof DISPOSITIONS;
export type DispositionName = (typeof DISPOSITIONS)[Disposition];
export type Severity = (typeof SEVERITIES)[number];
export type Confidence = (typeof CONFIDENCES)[number];
export type Tlp = (typeof TLPS)[number];

/** Clean and Common: what they are said of is not to be blocked. https://github.com/threatgrid/ctim/blob/master/doc/structures/judgement.md */
export const ALLOWING: ReadonlySet<Disposition> = new Set([1, 4]);

/** Longest texts that CTIM takes, in characters: ShortString, MedString (URIs and references too), LongString. */
export const SHORT_TEXT_MAX = 1024;
export const MEDIUM_TEXT_MAX = 2048;
export const LONG_TEXT_MAX = 5000;

/** UTC with exactly three decimals, as `Date.prototype.toISOString` writes them and CTIA returns them. */
export interface ValidTime {
  start_time: string;
  end_time: string;
}

export interface ExternalReference {
  source_name: string;
  external_id?: string;
  description?: string;
  url?: string;
}

/** A judgement as we write it: every field that a PUT would otherwise lose. */
export interface JudgementDocument {
  id?: string;
  external_ids: string[];
  observable: Observable;
  disposition: Disposition;
  disposition_name: DispositionName;
  source: string;
  source_uri?: string;
  reason?: string;
  priority: number;
  severity: Severity;
  confidence: Confidence;
  tlp: Tlp;
  valid_time: ValidTime;
  external_references: ExternalReference[];
}

export function dispositionNumber(name: DispositionName): Disposition {
  for (const [number, known] of Object.entries(DISPOSITIONS)) {
    if (known === name) return Number(number) as Disposition;
  }
  throw new Error(`no disposition is called ${name}`);
}
