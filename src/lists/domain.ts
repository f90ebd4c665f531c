import { domainToASCII, domainToUnicode } from 'node:url';
import { parse } from 'tldts';
import { quoted } from '../ctim/problem.ts';
import type { Normalised } from './normalise.ts';

/**
 * Names in lower case and A-labels (UTS 46), without the dot of the root. Underscores stand in real host names, so all
 * labels but the last may have them (RFC 2181 §11); hyphens stand inside labels only (RFC 1123 §2.1).
 */
const NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** WHATWG and old resolvers read such a name as an IPv4 address: `1.2.3`, `0x7f.1`. https://url.spec.whatwg.org/#ends-in-a-number-checker */
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;

const ASCII = /^[!-~]*$/;

/** `*.name` is a domain too: every name below, not the name itself. Which lists may hold it is not decided here. */
export function domainOf(text: string): Normalised {
  if (text.startsWith('*.')) {
    const name = domainOf(text.slice(2));
    if ('refused' in name || name.observable.value.startsWith('*'))
      return refused(text, 'only one "*." may stand, at the start');
    return { observable: { type: 'domain', value: `*.${name.observable.value}` } };
  }
  const lower = text.toLowerCase();
  const name = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  // A-labels are decoded and checked by the same call that makes them. It would also decode %41, so that is kept out.
  const asked = ASCII.test(name) && !name.includes('xn--') ? name : name.includes('%') ? '' : domainToASCII(name);
  const ascii = isDecodable(asked) ? asked : '';
  if (NAME.test(ascii) && !ENDS_IN_A_NUMBER.test(ascii)) {
    if (ascii.includes('.') || parse(ascii).isIcann) return { observable: { type: 'domain', value: ascii } };
    return refused(
      text,
      'it has no dot; write the whole name, or say type: hostname where the channel declares that type',
    );
  }
  return refused(text, whyNot(name, ascii));
}

/** Newer versions of Node leave an xn-- label that decodes to nothing as it is; older ones refuse it. We refuse it on all. */
function isDecodable(ascii: string): boolean {
  return !ascii.includes('xn--') || !/(?:^|\.)xn--/.test(domainToUnicode(ascii) || 'xn--');
}

function whyNot(name: string, ascii: string): string {
  if (ascii === '') return 'its international letters or its xn-- label are not valid IDN (UTS 46)';
  if (ENDS_IN_A_NUMBER.test(ascii))
    return 'it ends in a number, as addresses do, and is no IPv4 address of four plain decimal numbers';
  if (name.startsWith('.')) return 'it begins with a dot; write the name alone, firewalls match the names below it too';
  if (name.includes('*')) return 'a "*" may only stand as "*." at the start, in an allow list';
  if (name.includes('..')) return 'it has an empty part between two dots';
  if (ascii.length > 253 || ascii.split('.').some((label) => label.length > 63))
    return 'it or one of its parts is too long (253 and 63 characters)';
  const odd = /[^a-z0-9._-]/.exec(ascii);
  if (odd !== null) return `it contains ${quoted(odd[0])}; a name has letters, digits, hyphens and dots`;
  return 'each part has letters, digits, "_" and inner hyphens; the last part begins with a letter';
}

function refused(text: string, why: string): Normalised {
  return { refused: { code: 'invalid-domain', message: `${quoted(text)} is no address, domain, URL or hash: ${why}` } };
}

/** Whether it ends in a suffix that registries know and is more than that: most words with a dot in them are no domain. */
export function isRegistrable(name: string): boolean {
  const { isIcann, domain } = parse(name);
  return isIcann === true && domain !== null;
}

export function atOrBelow(name: string, parent: string): boolean {
  return name === parent || name.endsWith(`.${parent}`);
}

/** Every name above this one, the nearest first: `a.b.c` → `b.c`, `c`. */
export function parentsOf(name: string): string[] {
  const parents: string[] = [];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) parents.push(name.slice(dot + 1));
  return parents;
}
