import type { Confidence, Severity } from '../../ctim/judgement.ts';
import type { Observable } from '../../ctim/observable.ts';

/**
 * What was found in a log, of one campaign window: a value, the same for the same lines whatever else was read. Windows are
 * cut by the clock (of 24 h: days in UTC), so a log that is read again, or in other pieces, falls into the same ones.
 */
export interface LogFindings {
  /** Which log, as a person calls it: the same name for the file before and after rotation. */
  readonly source: string;
  /** Epoch ms; `end` is the first moment after it. */
  readonly campaign: { readonly start: number; readonly end: number };
  /** One of each attacker and rule, the gravest first. */
  readonly findings: readonly LogFinding[];
  /** What came after FINDINGS_MAX attackers and rules and is counted only. */
  readonly beyond: { readonly requests: number };
}

export interface LogFinding {
  /** `ip`, `ipv6`, or `hostname` where the server logs names. */
  readonly attacker: Observable;
  readonly rule: FoundRule;
  /** Requests. */
  readonly count: number;
  /** Epoch ms, both by the log. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** The first few. */
  readonly samples: readonly SampleRequest[];
  readonly target: {
    /** The virtual host, where the log tells it. */
    readonly host?: string;
    /** Without queries, the first few. */
    readonly paths: readonly string[];
  };
}

/** The words of a rule that an incident tells. */
export interface FoundRule {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** MITRE ATT&CK, such as T1190 or T1595.002. */
  readonly techniques: readonly string[];
}

/** As the attacker sent it, cut, and on one line: control characters are escaped. */
export interface SampleRequest {
  /** Epoch ms. */
  readonly time: number;
  readonly request: string;
  readonly status: number;
  readonly userAgent?: string;
  readonly referer?: string;
}

const GRAVEST_FIRST: readonly Severity[] = ['Critical', 'High', 'Medium', 'Low', 'Info', 'None', 'Unknown'];

/** To sort by: the gravest first. CTIM's own order is another. */
export function compareSeverity(a: Severity, b: Severity): number {
  return GRAVEST_FIRST.indexOf(a) - GRAVEST_FIRST.indexOf(b);
}
