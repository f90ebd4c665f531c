import { isIP } from 'node:net';
import type { Observable } from '../../ctim/observable.ts';
import { formatV6, parseV6 } from '../../lists/address.ts';
import { plainAddress } from './access-log.ts';
import type { AttackRule } from './attack-rule.ts';
import { makeCampaigns } from './campaigns.ts';
import { makeCountRequests } from './count-requests.ts';
import type { LogFindings } from './findings.ts';
import { isRead, parseLogLine, type Unread } from './log-request.ts';
import { makeMatchRules } from './match-rules.ts';

/** A log, read line by line, and what was found so far. */
export interface AttackReading {
  read(line: string): void;
  findings(): LogFindings[];
  counts(): LogReadingCounts;
  /** See Campaigns. */
  forgetBefore(time: number): void;
  /** Of the newest line; undefined before the first. */
  newest(): number | undefined;
}

export interface LogReadingCounts {
  readonly lines: number;
  readonly requests: number;
  /** Of campaigns that are not listed; see Campaigns. */
  readonly unlisted: number;
  /** Lines that were none, by what they were: how many, and where the first one stands. */
  readonly unread: readonly { readonly what: Unread; readonly lines: number; readonly firstLine: number }[];
}

export interface AttackReadingOptions {
  readonly rules: readonly AttackRule[];
  /** What a person calls this log. */
  readonly source: string;
  readonly windowMs: number;
  /** What was found before a restart. */
  readonly before?: readonly LogFindings[];
}

export function makeAttackReading({ rules, source, windowMs, before }: AttackReadingOptions): AttackReading {
  const matchRules = makeMatchRules(rules);
  const counting = makeCountRequests(rules);
  const campaigns = makeCampaigns({ source, windowMs }, before);
  const unread = new Map<Unread, { lines: number; firstLine: number }>();
  let lines = 0;
  let requests = 0;
  let newest: number | undefined;
  return {
    read(text) {
      lines++;
      if (text === '' || text.trim() === '') return;
      const request = parseLogLine(text);
      if (!isRead(request)) {
        const known = unread.get(request.unread);
        if (known === undefined) unread.set(request.unread, { lines: 1, firstLine: lines });
        else known.lines++;
        return;
      }
      requests++;
      if (newest === undefined || request.time > newest) newest = request.time;
      for (const number of matchRules(request)) {
        const rule = rules[number];
        if (rule === undefined) continue;
        const attack = counting.add(number, request.client, request);
        if (attack !== undefined) campaigns.add(attackerOf(request.client), rule, attack);
      }
    },
    findings: () => campaigns.list(),
    counts: () => ({
      lines,
      requests,
      unlisted: campaigns.unlisted(),
      unread: [...unread].map(([what, { lines: many, firstLine }]) => ({ what, lines: many, firstLine })),
    }),
    forgetBefore: campaigns.forgetBefore,
    newest: () => newest,
  };
}

/** In normal form, so that one attacker is one, and its judgement is that of lists. */
export function attackerOf(client: string): Observable {
  const address = plainAddress(client);
  const family = isIP(address);
  if (family === 4) return { type: 'ip', value: address };
  const bits = family === 6 ? parseV6(address) : undefined;
  return bits === undefined ? { type: 'hostname', value: address } : { type: 'ipv6', value: formatV6(bits) };
}
