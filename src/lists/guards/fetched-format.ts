import { domainToASCII } from 'node:url';
import type { ObservableType } from '../../ctim/observable.ts';
import { quoted } from '../../ctim/problem.ts';
import { parseRange } from '../address.ts';
import { normalise } from '../normalise.ts';
import { type FetchedGuardList, type FetchedValues, indexValues } from './fetched-list.ts';
import type { GuardListSource } from './guard-settings.ts';

export type GuardListReading = { readonly list: FetchedGuardList } | { readonly fault: string };

/**
 * A fetched list, whatever it is written in: a warning list of MISP (JSON), the Public Suffix List, a ranking
 * (`rank,name`), or one value a line. What is no value of the list's kind in our normal form is left out and counted: these
 * lists hold `3::` among hashes, `AAA`, `FE80::/10`. What is no such list at all is a fault.
 */
export function readGuardList(
  text: string,
  { source, title, fetchedAt }: { source: GuardListSource; title: string; fetchedAt: number },
): GuardListReading {
  if (text.trim() === '') return { fault: 'nothing came: the answer is empty' };
  if (text.trimStart().startsWith('<')) return { fault: 'a web page came instead of the list' };
  const found = source.kind === 'suffix' ? suffixRules(text) : valuesOf(text, source);
  if ('fault' in found) return found;
  const { size, leftOut, least, ...values } = found;
  if (size === 0 || size / (size + leftOut) < least) {
    return {
      fault: `of ${size + leftOut} values ${size} are of the kind ${source.kind}: this is another list, or none`,
    };
  }
  const own = found.title ?? title;
  return { list: { ...source, title: own, size, leftOut, fetchedAt, ...indexValues(values) } };
}

interface Found extends FetchedValues {
  readonly size: number;
  readonly leftOut: number;
  /** The share of what must be understood. */
  readonly least: number;
  readonly title?: string;
}

/** Hashes that we have no type for, and types that we do not match, are no sign of a wrong list. */
const LEAST_OF_MISP = 0.25;
const LEAST_OF_LINES = 0.9;

function valuesOf(text: string, source: GuardListSource): Found | { fault: string } {
  const isJson = text.trimStart().startsWith('{');
  const read = isJson ? mispList(text) : { values: linesOf(text), types: undefined, title: undefined };
  if ('fault' in read) return read;
  const addresses: string[] = [];
  const names: string[] = [];
  const others: string[] = [];
  let leftOut = 0;
  for (const value of read.values) {
    const result = normalise(bare(value));
    if ('refused' in result || !isWanted(result.observable.type, source.kind, read.types)) {
      leftOut++;
      continue;
    }
    const { type, value: normal } = result.observable;
    if (type === 'domain' || type === 'hostname') names.push(normal);
    else if (type !== 'ip' && type !== 'ipv6') others.push(normal);
    else if (isTooWide(normal)) leftOut++;
    else addresses.push(normal);
  }
  const size = addresses.length + names.length + others.length;
  const least = isJson ? LEAST_OF_MISP : LEAST_OF_LINES;
  return { addresses, names, others, size, leftOut, least, ...(read.title !== undefined && { title: read.title }) };
}

/** A dot or a star before a name means the names below it, a port is not of the address. */
function bare(value: string): string {
  const text = value.trim().replace(/^\*?\.(?=[^.])/, '');
  return withoutPort(text);
}

/** `8.8.8.8:53`, `[2001:db8::1]:853`, `dns.google:853`: what is meant is the host. */
export function withoutPort(text: string): string {
  const [, bracketed, host] = /^(?:\[([0-9a-f:.]+)\]|([^:/\s]+)):[0-9]{1,5}$/i.exec(text) ?? [];
  return bracketed ?? host ?? text;
}

function isWanted(
  type: ObservableType,
  kind: GuardListSource['kind'],
  types: ReadonlySet<ObservableType> | undefined,
): boolean {
  if (kind === 'cidr') return type === 'ip' || type === 'ipv6';
  if (kind === 'hostname' || kind === 'popular') return type === 'domain' || type === 'hostname';
  return types === undefined || types.has(type);
}

/** Who listed half the Internet there would have every entry refused: nothing wider than 224.0.0.0/4 or fc00::/7. */
function isTooWide(value: string): boolean {
  const range = parseRange(value);
  const prefix = Number(value.split('/')[1] ?? 128);
  return range === undefined || prefix < (range.family === 4 ? 4 : 7);
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)(?:#|;|\/\/).*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.replace(/^[0-9]+,/, ''));
}

/** https://github.com/MISP/misp-warninglists: `list`, its `type`, and the attributes that its values are compared with. */
function mispList(
  text: string,
): { values: string[]; types: ReadonlySet<ObservableType> | undefined; title: string | undefined } | { fault: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { fault: 'it begins as JSON and is none: it was cut short, or is something else' };
  }
  if (typeof json !== 'object' || json === null || !('list' in json) || !Array.isArray(json.list))
    return { fault: 'it is JSON without a "list", as warning lists of MISP have one' };
  const type = 'type' in json ? json.type : undefined;
  if (type === 'regex' || type === 'substring')
    return {
      fault: `its type is ${quoted(String(type))}, which is not compared here: take it out of guards: { lists }`,
    };
  const attributes =
    'matching_attributes' in json && Array.isArray(json.matching_attributes) ? json.matching_attributes : [];
  const types = new Set(attributes.flatMap((attribute) => TYPES_OF[String(attribute)] ?? []));
  const name = 'name' in json && typeof json.name === 'string' ? json.name : undefined;
  return {
    values: json.list.filter((value) => typeof value === 'string'),
    types: types.size === 0 ? undefined : types,
    title: name === undefined ? undefined : name.replace(/[^ -~]/g, ' ').slice(0, 100),
  };
}

const TYPES_OF: Readonly<Record<string, readonly ObservableType[]>> = {
  'ip-src': ['ip', 'ipv6'],
  'ip-dst': ['ip', 'ipv6'],
  domain: ['domain', 'hostname'],
  hostname: ['domain', 'hostname'],
  url: ['url', 'domain'],
  uri: ['url', 'domain'],
  md5: ['md5'],
  sha1: ['sha1'],
  sha256: ['sha256'],
};

/** https://publicsuffix.org/list/: a name, `*.name` for each label below it, `!name` for one that is none. */
function suffixRules(text: string): Found | { fault: string } {
  if (!text.includes('===BEGIN ICANN DOMAINS===') || !text.includes('===END PRIVATE DOMAINS==='))
    return { fault: 'it lacks the marks at the begin and the end of the Public Suffix List' };
  const names: string[] = [];
  const anyBelow: string[] = [];
  const exceptions: string[] = [];
  let leftOut = 0;
  for (const line of text.split('\n')) {
    const rule = line.trim().split(/\s/)[0] ?? '';
    if (rule === '' || rule.startsWith('//')) continue;
    const into = rule.startsWith('*.') ? anyBelow : rule.startsWith('!') ? exceptions : names;
    const name = domainToASCII(rule.replace(/^(?:\*\.|!)/, ''));
    if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(name)) into.push(name);
    else leftOut++;
  }
  const size = names.length + anyBelow.length + exceptions.length;
  return { names, anyBelow, exceptions, size, leftOut, least: LEAST_OF_LINES, title: 'Public Suffix List' };
}
