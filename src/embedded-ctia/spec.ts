import { LONG_TEXT_MAX, MEDIUM_TEXT_MAX, SHORT_TEXT_MAX } from '../ctim/judgement.ts';
import { isReference } from './ids.ts';
import { inRange } from './instants.ts';

/**
 * The second of CTIA's three layers: text lengths, URIs, references, ranges of time. In a single write or a bulk PUT a
 * failure answers 400; in a bulk POST and a bundle it is the error of that entity alone.
 */
export interface Rule {
  /** Where the values are: `title`, `external_references[].url`. */
  readonly path: string;
  readonly holds: (value: unknown) => boolean;
  readonly predicate: string;
}

/** CTIA's message of the first rule that does not hold, or undefined. */
export function specFailure(rules: readonly Rule[], document: object): string | undefined {
  for (const rule of rules) {
    for (const value of valuesAt(document, rule.path)) {
      if (!rule.holds(value)) {
        const steps = rule.path.split('.').map((key) => `:${key.replace('[]', '')}`);
        return `${JSON.stringify(value)} - failed: ${rule.predicate} in: [${steps.join(' ')}] at: [${steps.join(' ')}]`;
      }
    }
  }
  return undefined;
}

function maxLength(path: string, max: number): Rule {
  // Java counts UTF-16 units, as JavaScript does.
  return {
    path,
    holds: (value) => typeof value !== 'string' || value.length <= max,
    predicate: `(<= (count %) ${max})`,
  };
}
export const short = (path: string) => maxLength(path, SHORT_TEXT_MAX);
export const medium = (path: string) => maxLength(path, MEDIUM_TEXT_MAX);
export const long = (path: string) => maxLength(path, LONG_TEXT_MAX);

export function uri(path: string): readonly Rule[] {
  return [medium(path), { path, holds: (value) => typeof value === 'string' && isJavaUri(value), predicate: 'uri?' }];
}

export function reference(path: string): readonly Rule[] {
  const holds = (value: unknown) => typeof value === 'string' && isReference(value);
  return [medium(path), { path, holds, predicate: 'valid-reference?' }];
}

export function natural(path: string): Rule {
  return { path, holds: (value) => Number(value) >= 0, predicate: 'nat-int?' };
}

export function instant(path: string): Rule {
  const holds = (value: unknown) => typeof value === 'string' && inRange(Date.parse(value));
  return { path, holds, predicate: '(inst-in-range? #inst "1970" #inst "2525" %)' };
}

export function period(path: string): readonly Rule[] {
  return [
    instant(`${path}.start_time`),
    instant(`${path}.end_time`),
    {
      path,
      // Checked before anything is filled in: a lone `end_time` in the past passes.
      holds: (value) => {
        const { start_time: start, end_time: end } = value as { start_time?: string; end_time?: string };
        return start === undefined || end === undefined || start <= end;
      },
      predicate: 'start-time-before-or-equal-end-time?',
    },
  ];
}

export const BASE_RULES: readonly Rule[] = [
  natural('revision'),
  short('language'),
  medium('external_references[].source_name'),
  long('external_references[].description'),
  ...uri('external_references[].url'),
  instant('timestamp'),
];
export const DESCRIBABLE_RULES: readonly Rule[] = [short('title'), long('description'), medium('short_description')];
export const SOURCABLE_RULES: readonly Rule[] = [medium('source'), ...uri('source_uri')];

/**
 * What Java's `URI.create` takes, near enough: any relative text passes, blanks and a few signs never do. What stands
 * before a first colon is a scheme, so that `192.0.2.1:80/list` fails; brackets may be around an address and in a query.
 */
function isJavaUri(text: string): boolean {
  if (text === '' || /[\s<>"{}|\\^`\p{Cc}]/u.test(text)) return false;
  if (/%(?![0-9A-Fa-f]{2})/.test(text) || /#.*#/.test(text)) return false;
  const [, scheme, rest = ''] = /^(?:([^:/?#]*):)?(.*)$/s.exec(text) ?? [];
  if (scheme !== undefined && (/^(?:$|#)/.test(rest) || !/^[a-z][a-z0-9+.-]*$/i.test(scheme))) return false;
  const [, authority, path = ''] = /^(?:\/\/([^/?#]*))?([^?#]*)/.exec(rest) ?? [];
  if (rest === '//' || (authority?.match(/[[\]]/) && !/^(?:[^@]*@)?\[[0-9a-f:.]+\](?::\d*)?$/i.test(authority)))
    return false;
  const isOpaque = scheme !== undefined && !rest.startsWith('/');
  return isOpaque || !/[[\]]/.test(path);
}

/** Paths as keys, split once: a bundle asks for them thousands of times. */
const PARTS = new Map<string, readonly { key: string; list: boolean }[]>();

function partsOf(path: string): readonly { key: string; list: boolean }[] {
  let parts = PARTS.get(path);
  if (parts === undefined) {
    parts = path.split('.').map((part) => ({ key: part.replace('[]', ''), list: part.endsWith('[]') }));
    PARTS.set(path, parts);
  }
  return parts;
}

function valuesAt(document: object, path: string): readonly unknown[] {
  let found: readonly unknown[] = [document];
  for (const { key, list } of partsOf(path)) {
    const next: unknown[] = [];
    for (const value of found) {
      const child: unknown = (value as Readonly<Record<string, unknown>>)[key];
      if (child === undefined) continue;
      if (list) next.push(...(child as unknown[]));
      else next.push(child);
    }
    if (next.length === 0) return next;
    found = next;
  }
  return found;
}
