import type { Observable } from '../../ctim/observable.ts';
import { compareSeverity, type FoundRule, type LogFinding, type LogFindings } from './findings.ts';
import { addTally, emptyTally, type RequestTally } from './request-tally.ts';

/** Attacks by campaign window, attacker and rule. */
export interface Campaigns {
  add(attacker: Observable, rule: FoundRule, requests: RequestTally): void;
  /** Those that have a finding, in the order of time. */
  list(): LogFindings[];
  /** Requests of campaigns of which nothing is listed, since FINDINGS_MAX was reached before they began. */
  unlisted(): number;
  /** Gives up the windows that ended before `time`: nothing more comes for them. */
  forgetBefore(time: number): void;
}

/**
 * Attackers and rules of all windows together; each holds a kilobyte or two. More than these are counted and not listed: who
 * came first stays, since whoever sends from very many addresses shall not push others out.
 */
export const FINDINGS_MAX = 20_000;

interface Window {
  readonly start: number;
  readonly found: Map<string, { attacker: Observable; rule: FoundRule; requests: RequestTally }>;
  beyond: number;
}

export function makeCampaigns(
  { source, windowMs }: { source: string; windowMs: number },
  before: readonly LogFindings[] = [],
): Campaigns {
  const windows = new Map<number, Window>();
  let size = 0;
  const windowAt = (time: number): Window => {
    const start = Math.floor(time / windowMs) * windowMs;
    const known = windows.get(start);
    if (known !== undefined) return known;
    const window: Window = { start, found: new Map(), beyond: 0 };
    windows.set(start, window);
    return window;
  };
  const add = (attacker: Observable, rule: FoundRule, requests: RequestTally) => {
    const window = windowAt(requests.firstSeen);
    const key = `${rule.name} ${attacker.type} ${attacker.value}`;
    let found = window.found.get(key);
    if (found === undefined) {
      if (size >= FINDINGS_MAX) {
        window.beyond += requests.count;
        return;
      }
      size++;
      found = { attacker: ownText(attacker), rule: wordsOf(rule), requests: emptyTally() };
      window.found.set(key, found);
    }
    addTally(found.requests, requests);
  };
  for (const { campaign, findings, beyond } of before) {
    for (const finding of findings) add(finding.attacker, finding.rule, tallyOf(finding));
    windowAt(campaign.start).beyond += beyond.requests;
  }
  return {
    add,
    list() {
      const listed = [...windows.values()].filter(({ found }) => found.size > 0);
      const ordered = listed.sort((a, b) => a.start - b.start);
      return ordered.map(({ start, found, beyond }) => ({
        source,
        campaign: { start, end: start + windowMs },
        findings: [...found.values()].map(findingOf).sort(gravestFirst),
        beyond: { requests: beyond },
      }));
    },
    unlisted: () => [...windows.values()].reduce((sum, { found, beyond }) => sum + (found.size > 0 ? 0 : beyond), 0),
    forgetBefore(time) {
      for (const [start, window] of windows) {
        if (start + windowMs > time) continue;
        size -= window.found.size;
        windows.delete(start);
      }
    },
  };
}

/** A part of a line would keep all of that. */
function ownText({ type, value }: Observable): Observable {
  return { type, value: Buffer.from(value).toString() };
}

function wordsOf({ name, title, description, severity, confidence, techniques }: FoundRule): FoundRule {
  return { name, title, description, severity, confidence, techniques };
}

function findingOf({
  attacker,
  rule,
  requests,
}: {
  attacker: Observable;
  rule: FoundRule;
  requests: RequestTally;
}): LogFinding {
  const { count, firstSeen, lastSeen, samples, host, paths } = requests;
  return {
    attacker,
    rule,
    count,
    firstSeen,
    lastSeen,
    samples: [...samples],
    target: { ...(host !== undefined && { host }), paths: [...paths] },
  };
}

function tallyOf({ count, firstSeen, lastSeen, samples, target }: LogFinding): RequestTally {
  return { count, firstSeen, lastSeen, samples: [...samples], host: target.host, paths: [...target.paths] };
}

/** By severity, then by the clock, then by name: the same findings in the same order, however they were read. */
function gravestFirst(a: LogFinding, b: LogFinding): number {
  return (
    compareSeverity(a.rule.severity, b.rule.severity) ||
    a.firstSeen - b.firstSeen ||
    (a.attacker.value < b.attacker.value ? -1 : a.attacker.value > b.attacker.value ? 1 : 0) ||
    (a.rule.name < b.rule.name ? -1 : 1)
  );
}
