import type { AccessLine } from './access-log.ts';
import type { AttackRule } from './attack-rule.ts';
import { addRequest, emptyTally, pathOf, type RequestTally } from './request-tally.ts';

/**
 * Rules that only many requests of one client within a time make an attack: guessed passwords, probing. The window begins
 * with a client's first such request. Once it is an attack, it lasts until the client was quiet for as long as the window.
 */
export interface CountRequests {
  /** The requests that are an attack now: none below the threshold, at the threshold all since the window began, then each. */
  add(rule: number, client: string, line: AccessLine): RequestTally | undefined;
}

interface Window {
  start: number;
  readonly waiting: RequestTally;
  readonly seen: Set<number> | undefined;
  isAttack: boolean;
}

/** Windows at a time, some kilobytes each. At more, the one that began first is forgotten: among that many clients a slow attacker may be missed. */
const WINDOWS_MAX = 20_000;

export function makeCountRequests(rules: readonly AttackRule[]): CountRequests {
  const windows = new Map<string, Window>();
  return {
    add(rule, client, line) {
      const count = rules[rule]?.count;
      if (count === undefined) return tallyOf(line);
      const key = `${rule} ${client}`;
      let window = windows.get(key);
      if (window !== undefined && Math.abs(line.time - window.start) > count.windowMs) {
        windows.delete(key);
        window = undefined;
      }
      if (window === undefined) {
        for (const oldest of windows.keys()) {
          if (windows.size < WINDOWS_MAX) break;
          windows.delete(oldest);
        }
        window = {
          start: line.time,
          waiting: emptyTally(),
          seen: count.distinct ? new Set() : undefined,
          isAttack: false,
        };
        windows.set(key, window);
      }
      if (window.isAttack) {
        window.start = line.time;
        return tallyOf(line);
      }
      addRequest(window.waiting, line);
      window.seen?.add(hash(pathOf(line)));
      if ((window.seen?.size ?? window.waiting.count) < count.threshold) return undefined;
      window.isAttack = true;
      window.start = line.time;
      window.seen?.clear();
      return window.waiting;
    },
  };
}

function tallyOf(line: AccessLine): RequestTally {
  const tally = emptyTally();
  addRequest(tally, line);
  return tally;
}

/** FNV-1a. Two paths that fall together count as one, which makes an attack no more likely. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum;
}
