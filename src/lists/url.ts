import { quoted } from '../ctim/problem.ts';
import { isV4 } from './address.ts';
import { domainOf } from './domain.ts';
import type { Normalised } from './normalise.ts';

const SCHEMES = ['http', 'https', 'ftp'];
/** What `new URL` takes for the authority: to the first slash (either kind), question mark or hash. */
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/\\?#]*)/i;

/** A URL as the WHATWG standard serialises it, but with a host that was written plainly: nothing is reinterpreted as an address. */
export function urlOf(text: string): Normalised {
  const [, scheme = '', authority = ''] = PARTS.exec(text) ?? [];
  if (!SCHEMES.includes(scheme.toLowerCase())) {
    return refused(text, `its scheme is ${quoted(scheme)}; expected is http://, https:// or ftp://`);
  }
  if (text.endsWith('…') || text.endsWith('...')) {
    return refused(text, 'it was cut short by its source (it ends in an ellipsis); write the whole URL');
  }
  const url = authority === '' ? undefined : parsed(text);
  if (url === undefined) return refused(text, 'the WHATWG URL standard does not take it; look at host and port');
  const written = authority.slice(authority.lastIndexOf('@') + 1).replace(/:[0-9]*$/, '');
  if (url.hostname.startsWith('[')) return { observable: { type: 'url', value: url.href } };
  if (isV4(url.hostname)) {
    if (written === url.hostname) return { observable: { type: 'url', value: url.href } };
    return refused(
      text,
      `its host ${quoted(written)} would be read as ${url.hostname}: write the address as four plain decimal numbers`,
    );
  }
  const host = domainOf(written);
  if ('refused' in host || host.observable.value.startsWith('*'))
    return refused(text, `its host ${quoted(written)} is no domain name or address`);
  return { observable: { type: 'url', value: url.href } };
}

/**
 * The standard has encoded `^` in paths since 2023, newer versions of Node with it and older ones not: here always, so that one
 * URL stays one value.
 */
function parsed(text: string): URL | undefined {
  const url = parsedUrl(text);
  if (url?.pathname.includes('^')) url.pathname = url.pathname.replaceAll('^', '%5E');
  return url;
}

/**
 * Not by `URL.canParse`: that of Node 20, once it was called often enough to be compiled, refuses every text with an `ü` in
 * it; and `URL.parse` came later.
 */
export function parsedUrl(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

function refused(text: string, why: string): Normalised {
  return { refused: { code: 'invalid-url', message: `${quoted(text)} is no URL: ${why}` } };
}

/** The host of a URL in normal form; an IPv6 address without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** A URL without path and query stands for its whole host: firewalls match everything below it. */
export function isWholeHost(url: string): boolean {
  const { pathname, search } = new URL(url);
  return pathname === '/' && search === '';
}
