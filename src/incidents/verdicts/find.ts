import type { AnyObservable } from '../../ctim/bundle.ts';
import { isRegistrable } from '../../lists/domain.ts';
import { normalise } from '../../lists/normalise.ts';

/** What people write so that nobody clicks it, back to what it stands for. */
const DEFENCES: readonly (readonly [RegExp, string])[] = [
  [/\bhxxp(s?)(?=:|\[:)/gi, 'http$1'],
  [/\bfxp(?=:\/\/)/gi, 'ftp'],
  [/\[:\/\/\]/g, '://'],
  [/\[:\]/g, ':'],
  [/\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)/gi, '.'],
  [/\[@\]|\[at\]|\(at\)/gi, '@'],
  [/\[\/\]/g, '/'],
];

/** In this order: what a URL or an address of mail consists of is not told again on its own. */
const PATTERNS: readonly RegExp[] = [
  /\b(?:https?|ftp):\/\/[^\s<>"'`\\^{}|]+/gi,
  /(?<![\p{L}\p{N}._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/gu,
  /\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b/gi,
  /(?<![0-9A-Za-z:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(?![0-9A-Za-z:])/g,
  /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![.\d]*\d)/g,
  /(?<![\p{L}\p{N}_.@/\\-])(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62})\.)+[\p{L}][\p{L}\p{N}-]{1,62}(?![\p{L}\p{N}(-])/gu,
];

/** Ends of a sentence, a bracket or a list, where a URL or an address stands in prose. */
const TAIL = /[),.;:!?\]}>]+$/;

/** The observables in a line of text or of a log, in their normal form, as often as they stand in it. */
export function observablesIn(line: string): AnyObservable[] {
  const found: AnyObservable[] = [];
  let rest = line;
  for (const [defence, plain] of DEFENCES) rest = rest.replace(defence, plain);
  for (const pattern of PATTERNS) {
    rest = rest.replace(pattern, (match) => {
      const observable = observableFrom(match);
      if (observable === undefined) return match;
      found.push(observable);
      // The gap keeps what stood left and right of it apart.
      return ' '.repeat(match.length);
    });
  }
  return found;
}

function observableFrom(match: string): AnyObservable | undefined {
  for (const text of [match, match.replace(TAIL, '')]) {
    const said = normalise(text);
    if ('refused' in said) continue;
    const { type, value } = said.observable;
    // A URL may well end so; in prose it hardly ever does.
    if (type === 'url' && TAIL.test(text)) continue;
    if (type === 'file_name' || (type === 'domain' && !isRegistrable(value))) return undefined;
    return said.observable;
  }
  return undefined;
}
