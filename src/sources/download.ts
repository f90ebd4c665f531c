import { lookup } from 'node:dns/promises';
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createRequire } from 'node:module';
import { isIP, type LookupFunction } from 'node:net';
import { parsedUrl } from '../lists/url.ts';
import { type Clock, SECOND } from '../runtime/clock.ts';
import { bodyText } from './download-body.ts';
import { isPublicAddress } from './public-address.ts';

/**
 * One remote text, asked for once. Whatever happens is an answer: who asks decides what to keep.
 *
 *   same      what we have is what there is (304, to a request that said what we have)
 *   changed   the text, whole and decoded; whether it is the list is for others to judge
 *   failed    its kind decides the reaction, its message is for people and holds no secret of the URL
 */
export type Download =
  | { readonly is: 'same' }
  | { readonly is: 'changed'; readonly text: string; readonly contentType: string; readonly validators: Validators }
  | DownloadFailure;

export interface DownloadFailure {
  readonly is: 'failed';
  readonly kind: DownloadFailureKind;
  readonly message: string;
  /** What the server asks us to wait. */
  readonly retryAfterMs?: number;
}

export type DownloadFailureKind =
  | 'bad-url'
  | 'private-address'
  | 'unreachable'
  | 'timed-out'
  | 'too-many-redirects'
  | 'throttled'
  | 'status'
  | 'too-large'
  | 'truncated'
  | 'not-text';

/** What the server said of the text that we have, for it to say whether there is another. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface DownloadOptions {
  /** Of the copy that we have; absent where there is none. */
  readonly validators?: Validators | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DownloaderParts {
  readonly clock: Clock;
  /** Hosts, as URLs name them, that may lie at addresses that are not public. */
  readonly privateHosts: readonly string[];
  readonly bytesMax?: number;
  /** Until the answer begins: the name, the connection and its TLS are in it. */
  readonly answerMs?: number;
  /** Until all of it is there, redirects included. */
  readonly wholeMs?: number;
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

export type Downloader = (url: string, options?: DownloadOptions) => Promise<Download>;

export const BYTES_MAX = 64 * 1024 * 1024;
const ANSWER_MS = 20 * SECOND;
const WHOLE_MS = 120 * SECOND;
const REDIRECTS_MAX = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** A failure on its way out of the steps below. */
class Failed extends Error {
  readonly failure: DownloadFailure;
  constructor(kind: DownloadFailureKind, message: string, retryAfterMs?: number) {
    super(message);
    this.failure = { is: 'failed', kind, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
}

export function makeDownloader(parts: DownloaderParts): Downloader {
  const { clock, wholeMs = WHOLE_MS } = parts;
  return async (url, { validators = {}, signal } = {}) => {
    const done = new AbortController();
    const stop = AbortSignal.any([done.signal, ...(signal ? [signal] : [])]);
    const late = clock.sleep(wholeMs, stop).then(() => {
      const message = `${shownUrl(url)} was not there after ${wholeMs / SECOND} seconds`;
      done.abort(new Failed('timed-out', message));
    });
    late.catch(() => undefined);
    try {
      return await follow(url, validators, stop, parts);
    } catch (error) {
      signal?.throwIfAborted();
      const failed = done.signal.aborted ? done.signal.reason : error;
      if (failed instanceof Failed) return failed.failure;
      throw failed;
    } finally {
      done.abort();
    }
  };
}

/** Redirects by hand: each target is looked at as the first URL was. */
async function follow(
  first: string,
  validators: Validators,
  signal: AbortSignal,
  parts: DownloaderParts,
): Promise<Download> {
  let url = parseUrl(first);
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const response = await ask(url, validators, signal, parts);
    const { statusCode: status = 0, headers } = response;
    if (!REDIRECTS.includes(status) || headers.location === undefined) {
      return await answerOf(response, url, validators, parts);
    }
    response.destroy();
    url = redirectedTo(url, headers.location);
  }
  const message = `${shownUrl(first)} leads on and on: more than ${REDIRECTS_MAX} redirects`;
  throw new Failed('too-many-redirects', message);
}

export function redirectedTo(url: URL, location: string): URL {
  const next = parseUrl(location, url);
  if (url.protocol === 'https:' && next.protocol === 'http:')
    throw new Failed('bad-url', `${shownUrl(url)} leads to ${shownUrl(next)}: from https to http nothing is followed`);
  return next;
}

function parseUrl(text: string, base?: URL): URL {
  const url = parsedUrl(text, base);
  const from = base === undefined ? '' : `${shownUrl(base)} leads to `;
  if (url === undefined) throw new Failed('bad-url', `${from}${shownUrl(text)}, which is no URL`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Failed('bad-url', `${from}${shownUrl(url)}: only http and https are pulled`);
  return url;
}

/** Headers only; the body is still to come. */
async function ask(
  url: URL,
  { etag, lastModified }: Validators,
  signal: AbortSignal,
  parts: DownloaderParts,
): Promise<IncomingMessage> {
  const { clock, answerMs = ANSWER_MS } = parts;
  const begun = new AbortController();
  const waiting = clock.sleep(answerMs, AbortSignal.any([signal, begun.signal])).then(() => {
    throw new Failed('timed-out', `${shownUrl(url)} did not answer within ${answerMs / SECOND} seconds`);
  });
  const cancel = new AbortController();
  const requesting = (async () => {
    const addresses = await checkedAddresses(url, parts);
    const pinned = pinnedTo(addresses);
    const agent = url.protocol === 'https:' ? new HttpsAgent({ lookup: pinned }) : new HttpAgent({ lookup: pinned });
    // Loaded by who pulls something, as the one file that it is for CommonJS: its ES modules take a quarter of a second.
    const { default: axios }: typeof import('axios') = createRequire(import.meta.url)('axios');
    const { data } = await axios.request<IncomingMessage>({
      url: url.href,
      adapter: 'http',
      responseType: 'stream',
      // The bytes are counted before and after they are unpacked.
      decompress: false,
      maxRedirects: 0,
      // A proxy would look the name up again, and go where it likes.
      proxy: false,
      httpAgent: agent,
      httpsAgent: agent,
      validateStatus: () => true,
      signal: AbortSignal.any([signal, cancel.signal]),
      headers: {
        Accept: 'text/plain, */*;q=0.5',
        'Accept-Encoding': 'gzip, deflate, br',
        'User-Agent': 'ctim-feeds',
        ...(etag !== undefined && { 'If-None-Match': etag }),
        ...(lastModified !== undefined && { 'If-Modified-Since': lastModified }),
      },
    });
    return data;
  })();
  requesting.catch(() => undefined);
  try {
    return await Promise.race([requesting, waiting]);
  } catch (error) {
    cancel.abort();
    signal.throwIfAborted();
    if (error instanceof Failed) throw error;
    throw new Failed(
      'unreachable',
      `${shownUrl(url)} cannot be reached (${codeOf(error)}): check the name and the network`,
    );
  } finally {
    waiting.catch(() => undefined);
    begun.abort();
  }
}

/** All of a name's addresses are looked at, and one of just these is connected to: what the name says a moment later does not count. */
async function checkedAddresses(
  url: URL,
  { privateHosts, resolve = resolveHost }: DownloaderParts,
): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const inside = privateHosts.includes(host) ? undefined : addresses.find((address) => !isPublicAddress(address));
  if (inside === undefined) return addresses;
  const at = inside === host ? '' : ` is at ${inside}, which`;
  throw new Failed(
    'private-address',
    `${shownUrl(url)}${at} is no public address: name ${host} in UPSTREAM_PRIVATE_HOSTS if it is to be pulled from inside`,
  );
}

async function resolveHost(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function pinnedTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all: wantsAll }, done) => {
    const [first] = all;
    if (wantsAll === true) done(null, all);
    else done(null, first?.address ?? '', first?.family);
  };
}

async function answerOf(
  response: IncomingMessage,
  url: URL,
  { etag, lastModified }: Validators,
  { clock, bytesMax = BYTES_MAX }: DownloaderParts,
): Promise<Download> {
  const { statusCode: status = 0, headers } = response;
  const where = shownUrl(url);
  if (status !== 200) response.destroy();
  if (status === 304 && (etag !== undefined || lastModified !== undefined)) return { is: 'same' };
  if (status === 429 || status === 503) {
    throw new Failed('throttled', `${where} answers ${status}: it asks us to come later`, retryAfter(headers, clock));
  }
  if (status !== 200) throw new Failed('status', `${where} answers ${status}, not with a list`);
  const body = await bodyText(response, bytesMax);
  if ('fault' in body) throw new Failed(body.fault, `${where} ${body.message}`);
  const contentType = headers['content-type'] ?? '';
  return { is: 'changed', text: body.text, contentType, validators: validatorsOf(headers) };
}

function validatorsOf(headers: IncomingHttpHeaders): Validators {
  const { etag, 'last-modified': lastModified } = headers;
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/** Seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function retryAfter({ 'retry-after': text }: IncomingHttpHeaders, clock: Clock): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^[0-9]{1,6}$/.test(text) ? Number(text) * SECOND : Date.parse(text) - clock.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** Without user, password, query and fragment: what is secret in a URL is in there. */
export function shownUrl(url: string | URL): string {
  const parsed = typeof url === 'string' ? parsedUrl(url) : url;
  if (parsed === undefined) return 'the address';
  const { protocol, host, pathname } = parsed;
  return `${protocol}//${host}${pathname}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
}
