import { type AccessLine, parseAccessLine, REQUEST } from './access-log.ts';
import { parseJsonLine } from './json-log.ts';

/** A request of a log of any of the formats that are read; or, by name, what the line was instead. */
export type LogRequest = AccessLine | { readonly unread: Unread };

export type Unread =
  | 'a line of an error log without a request'
  | 'JSON without client, time or request'
  | 'of no known format';

/**
 *   {…              JSON
 *   [time] [core:…  Apache's error log, where a request was refused before it came to the access log
 *   "…"             a whole line in quotes, as exports and spreadsheets leave it
 *   else            common, combined, vhost
 */
export function parseLogLine(text: string): LogRequest {
  const first = text[0];
  if (first === '{') return parseJsonLine(text) ?? { unread: 'JSON without client, time or request' };
  if (first === '[') return errorLine(text) ?? { unread: 'a line of an error log without a request' };
  const line = parseAccessLine(first === '"' ? withoutQuotes(text) : text);
  return line === undefined || line.client.length > CLIENT_CHARS_MAX ? { unread: 'of no known format' } : line;
}

/** No name is longer (RFC 1035). */
const CLIENT_CHARS_MAX = 255;

export function isRead(request: LogRequest): request is AccessLine {
  return !('unread' in request);
}

function withoutQuotes(text: string): string {
  return text.slice(1, text.endsWith('"') ? -1 : undefined);
}

const ERROR_HEAD =
  /^\[\w{3} (\w{3} +\d{1,2} [\d:]{8})(?:\.\d{1,9})? (\d{4})\] \[(?:[\w:]{1,40})\] (\[pid [^\]]{1,40}\] )?/;
const ERROR_CLIENT = /^\[client ([^\]\s]{1,80})\] /;
/** `AH00126: Invalid URI in request GET /… HTTP/1.1`; the server answered 400 and wrote nothing elsewhere. */
const REFUSED = /^(?:AH\d{5}: )?Invalid URI in request (.*)$/;

/** An error log's time has no zone: it is taken as UTC. */
function errorLine(text: string): AccessLine | undefined {
  const head = ERROR_HEAD.exec(text);
  if (head === null) return undefined;
  const rest = text.slice(head[0].length);
  const client = ERROR_CLIENT.exec(rest);
  const request = client === null ? undefined : REFUSED.exec(rest.slice(client[0].length))?.[1]?.trim();
  const time = Date.parse(`${head[1]} ${head[2]} UTC`);
  if (client === null || request === undefined || Number.isNaN(time)) return undefined;
  const [, method, target] = REQUEST.exec(request) ?? [];
  return {
    // Apache 2.4, which tells its process, puts a port behind every address; Apache 2.2 puts it behind none.
    client: (client[1] ?? '').replace(head[3] === undefined ? '' : /:\d{1,5}$/, ''),
    time,
    request,
    ...(method !== undefined && { method }),
    ...(target !== undefined && { target }),
    status: 400,
    bytes: 0,
  };
}
