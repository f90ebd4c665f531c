import { isIP } from 'node:net';
import { parse } from 'tldts';

export interface Inspected {
  readonly type: string;
  readonly value: string;
}

/**
 * The observables in a free text, each once, in the order found. What a URL or an address consists of is not told again
 * on its own. Written-out defences (`hxxp`, `[.]`) are not undone.
 */
export function inspected(content: string): Inspected[] {
  const found = new Map<string, Inspected>();
  let rest = content;
  for (const { type, pattern, accept } of PATTERNS) {
    rest = rest.replace(pattern, (match: string) => {
      const value = accept(match);
      if (value === undefined) return match;
      found.set(`${type} ${value}`, { type, value });
      // The gap keeps what stood left and right of it apart.
      return ' '.repeat(match.length);
    });
  }
  return [...found.values()].sort((a, b) => content.indexOf(a.value) - content.indexOf(b.value));
}

const PATTERNS: readonly { type: string; pattern: RegExp; accept: (match: string) => string | undefined }[] = [
  {
    type: 'url',
    pattern: /\b(?:https?|ftp):\/\/[^\s<>"'`]+/gi,
    accept: (match) => match.replace(/[),.;:!?\]}]+$/, ''),
  },
  {
    type: 'email',
    pattern: /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g,
    accept: (match) => (isDomain(match.slice(match.indexOf('@') + 1)) ? match : undefined),
  },
  { type: 'sha256', pattern: /\b[0-9a-f]{64}\b/gi, accept: (match) => match },
  { type: 'sha1', pattern: /\b[0-9a-f]{40}\b/gi, accept: (match) => match },
  { type: 'md5', pattern: /\b[0-9a-f]{32}\b/gi, accept: (match) => match },
  {
    type: 'ipv6',
    pattern: /(?<![0-9A-Za-z:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(?![0-9A-Za-z:])/g,
    accept: (match) => [match, match.replace(/[.:]$/, '')].find((value) => isIP(value) === 6),
  },
  {
    type: 'ip',
    pattern: /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)/g,
    accept: (match) => (isIP(match) === 4 ? match : undefined),
  },
  {
    type: 'domain',
    pattern:
      /(?<![\p{L}\p{N}_.@-])(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62})\.)+[\p{L}][\p{L}\p{N}-]{1,62}(?![\p{L}\p{N}-])/gu,
    accept: (match) => (isDomain(match) ? match : undefined),
  },
];

function isDomain(text: string): boolean {
  const { isIcann, domain } = parse(text);
  return isIcann === true && domain !== null;
}
