import { type AccessLine, parseAccessLine, REQUEST, timeOfStamp } from './access-log.ts';

/**
 * A line of JSON, as nginx, Apache, Caddy, Traefik and the Elastic Common Schema name things; undefined where it tells no
 * client, time or request. What a container's runtime or a shipper wrapped (`log`, `message`) is unwrapped first.
 */
export function parseJsonLine(line: string): AccessLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const wrapped = textAt(value, WRAPPED);
  const inner = wrapped === undefined ? undefined : wrapped.trim();
  if (inner !== undefined) {
    const unwrapped = inner.startsWith('{') ? parseJsonLine(inner) : parseAccessLine(inner);
    if (unwrapped !== undefined) return unwrapped;
  }
  const client = textAt(value, CLIENT)?.replace(/:\d+$|^\[|\](?::\d+)?$/g, bareAddress);
  const time = timeAt(value);
  const { request, method, target } = requestAt(value);
  if (client === undefined || time === undefined || request === undefined) return undefined;
  const vhost = textAt(value, HOST);
  const referer = textAt(value, REFERER);
  const userAgent = textAt(value, USER_AGENT);
  return {
    ...(vhost !== undefined && { vhost }),
    client,
    time,
    request,
    ...(method !== undefined && { method }),
    ...(target !== undefined && { target }),
    status: numberAt(value, STATUS) ?? 0,
    bytes: numberAt(value, BYTES) ?? 0,
    ...(referer !== undefined && { referer }),
    ...(userAgent !== undefined && { userAgent }),
  };
}

const WRAPPED = ['log', 'message'];
const CLIENT = [
  ...[
    'remote_addr',
    'remoteAddr',
    'client_ip',
    'clientip',
    'clientIp',
    'remote_ip',
    'remoteIP',
    'ClientHost',
    'client',
  ],
  ...['request.client_ip', 'request.remote_ip', 'request.remote_addr', 'source.ip', 'source.address', 'client.ip'],
];
const TIME = [
  ...[
    'time_iso8601',
    '@timestamp',
    'timestamp',
    'time_local',
    'StartUTC',
    'StartLocal',
    'datetime',
    'time',
    'msec',
    'ts',
  ],
];
const REQUEST_LINE = ['request', 'request_line', 'http.request.line'];
const METHOD = ['request_method', 'RequestMethod', 'method', 'verb', 'request.method', 'http.request.method'];
const TARGET = [...['request_uri', 'RequestPath', 'uri', 'url', 'request.uri', 'url.original', 'http.url', 'path']];
const QUERY = ['query', 'query_string', 'args', 'url.query'];
const HOST = ['http_host', 'server_name', 'RequestHost', 'vhost', 'host', 'request.host', 'url.domain', 'virtual_host'];
const STATUS = ['status', 'DownstreamStatus', 'status_code', 'response', 'http.response.status_code'];
const BYTES = ['body_bytes_sent', 'bytes_sent', 'bytes', 'size', 'DownstreamContentSize', 'http.response.body.bytes'];
const REFERER = [
  ...['http_referer', 'referer', 'referrer', 'request_Referer', 'request.headers.Referer', 'http.request.referrer'],
];
const USER_AGENT = [
  ...['http_user_agent', 'user_agent', 'userAgent', 'agent', 'request_User-Agent', 'request.headers.User-Agent'],
  'user_agent.original',
];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By a name as it stands, or from object to object. */
function valueAt(record: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  const dot = name.indexOf('.');
  const inner = dot < 0 ? undefined : record[name.slice(0, dot)];
  return isRecord(inner) ? valueAt(inner, name.slice(dot + 1)) : undefined;
}

/** The first that says something; `-` says nothing, and a header is a list of its values. */
function textAt(record: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = valueAt(record, name);
    const text = Array.isArray(value) ? value[0] : value;
    if (typeof text === 'string' && text !== '' && text !== '-') return text;
  }
  return undefined;
}

function numberAt(record: Record<string, unknown>, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = valueAt(record, name);
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
  }
  return undefined;
}

function bareAddress(part: string, at: number, whole: string): string {
  // `198.51.100.7:40312` and `[2001:db8::7]:40312`, but not the end of `2001:db8::7`.
  return part.startsWith(':') && whole.indexOf(':') !== at ? part : '';
}

/** Later than this, a number is milliseconds. */
const SECONDS_MAX = 1e11;

function timeAt(record: Record<string, unknown>): number | undefined {
  for (const name of TIME) {
    const value = valueAt(record, name);
    const number = typeof value === 'string' && /^\d{9,13}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && number > 0) return Math.round(number < SECONDS_MAX ? number * 1000 : number);
    if (typeof value !== 'string') continue;
    const time = timeOfStamp(value.replace(/^\[|\]$/g, '')) ?? Date.parse(value);
    if (!Number.isNaN(time)) return time;
  }
  return undefined;
}

function requestAt(record: Record<string, unknown>): Pick<AccessLine, 'method' | 'target'> & { request?: string } {
  const request = textAt(record, REQUEST_LINE);
  if (request !== undefined) {
    const [, method, target] = REQUEST.exec(request) ?? [];
    return { request, ...(method !== undefined && { method }), ...(target !== undefined && { target }) };
  }
  const method = textAt(record, METHOD);
  const path = textAt(record, TARGET);
  if (path === undefined) return {};
  const query = path.includes('?') ? undefined : textAt(record, QUERY);
  const target = query === undefined ? path : `${path}?${query.replace(/^\?/, '')}`;
  return {
    request: method === undefined ? target : `${method} ${target}`,
    target,
    ...(method !== undefined && { method }),
  };
}
