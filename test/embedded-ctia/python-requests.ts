import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Started } from './fixture.ts';

/** What Python's `requests` says where its caller says nothing. */
const PYTHON = {
  'User-Agent': 'python-requests/2.31.0',
  'Accept-Encoding': 'gzip, deflate',
  Accept: '*/*',
  Connection: 'keep-alive',
};

export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: cases assert on whatever shape came back
  readonly json: any;
}

/** Without what `fetch` adds and undoes by itself. */
export function send(method: string, url: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  // `requests` says the length of a body that is not there, except with GET.
  const length =
    body === undefined && method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body ?? '')) };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { ...PYTHON, ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const raw = Buffer.concat(chunks);
        const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
        const contentType = response.headers['content-type'];
        const json = contentType?.startsWith('application/json') === true ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, contentType, text, json });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** `json.dumps`: a blank after each colon and comma, everything beyond ASCII escaped. */
export function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${dumps(key)}: ${dumps(item)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `urllib.parse.quote(part, safe='')` */
export function quote(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `requests.post(url, data={'grant_type': 'client_credentials'}, auth=(id, password))` */
export function askToken({ server, url }: Started, password = server.credentials?.password ?? ''): Promise<Answer> {
  const basic = Buffer.from(`${server.credentials?.id}:${password}`).toString('base64');
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    Accept: 'application/json',
    Authorization: `Basic ${basic}`,
  };
  return send('POST', `${url}/iroh/oauth2/token`, headers, 'grant_type=client_credentials');
}

export const OBSERVABLE = { type: 'ip', value: '203.0.113.7' };
/** As `strftime` makes them, with microseconds. */
export const TIMES = { start_time: '2026-11-25T07:55:08.580123Z', end_time: '2026-12-02T07:55:08.586456Z' };

/** As scripts send it: with its type, a version of the model that is long gone, and a URI that is none. */
export function judgementOf(value: string): Record<string, unknown> {
  return {
    schema_version: '1.0.19',
    observable: { value, type: 'ip' },
    type: 'judgement',
    source: 'XDR Demo',
    disposition: 2,
    disposition_name: 'Malicious',
    reason: 'Infection Demo',
    reason_uri: 'string',
    priority: 95,
    severity: 'Info',
    tlp: 'amber',
    timestamp: '2026-11-25T08:00:00Z',
    confidence: 'High',
  };
}
