import type { Severity } from '../../ctim/judgement.ts';
import { type Observable, observableKey } from '../../ctim/observable.ts';
import type { Guards } from '../../lists/guards/guards.ts';
import { DAY } from '../../runtime/clock.ts';
import { compareSeverity, type LogFinding, type LogFindings } from './findings.ts';

/** What is to become of one attacker, and why. */
export type BlockProposal = Attacker & (Block | NotBlocked);

interface Attacker {
  readonly attacker: Observable;
  /** Names of the rules, the gravest first. */
  readonly rules: readonly string[];
  /** The gravest of theirs. */
  readonly severity: Severity;
  readonly requests: number;
  /** Epoch ms, by the log. */
  readonly lastSeen: number;
}

export interface Block {
  /** Epoch ms. Counted from the last attack, so that the same log says the same whenever it is read. */
  readonly until: number;
  readonly lifetimeMs: number;
  /** 0 for the first time. */
  readonly repetition: number;
}

export interface NotBlocked {
  readonly because: { readonly code: NotBlockedCode; readonly message: string };
}

type NotBlockedCode = 'no-address' | 'guard' | 'lists-broken' | 'allowed' | 'crawler' | 'low-severity' | 'over';

export interface KnownOfAttackers {
  /** Epoch ms. */
  readonly now: number;
  readonly guards: Guards;
  /** The first error of the lists: then nobody knows what they allow. */
  readonly brokenLists: string | undefined;
  /** Where it is allowed (`feeds/never-block.yaml:9`), or undefined. */
  allowedBy(attacker: Observable): string | undefined;
  /** Whose crawler it was proved to be (by its operator's published ranges, or by its name and back), or undefined. */
  crawlerOf(attacker: Observable): string | undefined;
  /** How often it was blocked for an attack before the first of these campaigns. */
  earlier(attacker: Observable): number;
}

/** By repetition; the last one is for all further ones. */
const LIFETIMES_MS: readonly number[] = [1 * DAY, 3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY];

/** What alone blocks nobody: it may be somebody with a broken link. */
const TOO_LOW: ReadonlySet<Severity> = new Set(['Low', 'Info', 'None', 'Unknown']);

export function isGrave(severity: Severity): boolean {
  return !TOO_LOW.has(severity);
}

/**
 * One proposal for each attacker of these campaigns, which are in the order of time: each campaign but the last is an earlier
 * repetition. The first row that holds decides:
 *
 *   the log has a name instead of an address      not blocked: a name that somebody else owns may be given to any address
 *   a guard says anything of it, a warning too    not blocked: private addresses, resolvers, networks in front of others' sites
 *   the lists have an error                       not blocked: nobody knows what they allow
 *   an allow entry covers it                      not blocked
 *   it is a crawler, proved                       not blocked
 *   only findings of low severity                 not blocked: they are in the incident
 *   the block would have ended by now             not blocked: an old log
 *   otherwise                                     until the last attack + the lifetime of its repetition
 */
export function proposeBlocks(campaigns: readonly LogFindings[], known: KnownOfAttackers): BlockProposal[] {
  const attackers = new Map<string, { findings: LogFinding[]; grave: number }>();
  for (const { findings } of campaigns) {
    const grave = new Set<string>();
    for (const finding of findings) {
      const key = observableKey(finding.attacker);
      const entry = attackers.get(key) ?? { findings: [], grave: 0 };
      attackers.set(key, entry);
      entry.findings.push(finding);
      if (isGrave(finding.rule.severity)) grave.add(key);
    }
    for (const key of grave) {
      const entry = attackers.get(key);
      if (entry !== undefined) entry.grave++;
    }
  }
  return [...attackers.values()].flatMap(({ findings, grave }) => {
    const attacker = attackerOf(findings);
    return attacker === undefined ? [] : [{ ...attacker, ...decide(attacker, grave, known) }];
  });
}

function attackerOf(findings: readonly LogFinding[]): Attacker | undefined {
  const ordered = [...findings].sort((a, b) => compareSeverity(a.rule.severity, b.rule.severity));
  const [gravest] = ordered;
  if (gravest === undefined) return undefined;
  return {
    attacker: gravest.attacker,
    rules: [...new Set(ordered.map(({ rule }) => rule.name))],
    severity: gravest.rule.severity,
    requests: findings.reduce((sum, { count }) => sum + count, 0),
    lastSeen: findings.reduce((last, { lastSeen }) => Math.max(last, lastSeen), 0),
  };
}

function decide(
  { attacker, severity, lastSeen }: Attacker,
  grave: number,
  known: KnownOfAttackers,
): Block | NotBlocked {
  if (attacker.type !== 'ip' && attacker.type !== 'ipv6')
    return not(
      'no-address',
      'the log has a name instead of an address: let the server log addresses (HostnameLookups Off)',
    );
  const guarded = known.guards.judge(attacker);
  if (guarded !== undefined) return not('guard', `${guarded.code}: ${guarded.why}`);
  if (known.brokenLists !== undefined)
    return not('lists-broken', `the lists have an error, so what they allow is not known: ${known.brokenLists}`);
  const allowed = known.allowedBy(attacker);
  if (allowed !== undefined) return not('allowed', `it is allowed at ${allowed}`);
  const crawler = known.crawlerOf(attacker);
  if (crawler !== undefined) return not('crawler', `it is a crawler of ${crawler}, proved`);
  if (!isGrave(severity)) return not('low-severity', `its findings are of severity ${severity}, which blocks nobody`);
  const repetition = known.earlier(attacker) + grave - 1;
  const lifetimeMs = LIFETIMES_MS[Math.min(repetition, LIFETIMES_MS.length - 1)] ?? DAY;
  const until = lastSeen + lifetimeMs;
  if (until <= known.now)
    return not(
      'over',
      `a block of ${lifetimeMs / DAY} d after its last attack would have ended at ${new Date(until).toISOString()}`,
    );
  return { until, lifetimeMs, repetition };
}

function not(code: NotBlockedCode, message: string): NotBlocked {
  return { because: { code, message } };
}
