import { isIP } from 'node:net';

/** One request as a web server logged it. All texts are what the other side sent: never to be shown as they are. */
export interface AccessLine {
  /** `example.org:443`, where the format begins with it. */
  readonly vhost?: string;
  /** An address; a name where the server looks names up. */
  readonly client: string;
  readonly user?: string;
  /** Epoch ms. */
  readonly time: number;
  /** The request line as it was sent, escapes undone. */
  readonly request: string;
  readonly method?: string;
  readonly target?: string;
  readonly status: number;
  /** Bytes of the answer; 0 where none are said. */
  readonly bytes: number;
  readonly referer?: string;
  readonly userAgent?: string;
}

/**
 * The formats that Apache and nginx write unless they are told otherwise; undefined for a line of no such format.
 *
 *   common    client ident user [time] "request" status bytes
 *   combined  … "referer" "user agent"
 *   vhost     name[:port] before either
 */
export function parseAccessLine(line: string): AccessLine | undefined {
  const stamp = STAMP.exec(line);
  if (stamp === null) return undefined;
  REST.lastIndex = stamp.index + stamp[0].length;
  const rest = REST.exec(line);
  const head = headOf(line.slice(0, stamp.index));
  const time = timeOf(stamp[1] ?? '');
  if (rest === null || head === undefined || time === undefined) return undefined;
  const [, said = '', status = '', bytes = '', referer, userAgent] = rest;
  const request = unescaped(said);
  const [, method, target] = REQUEST.exec(request) ?? [];
  return {
    ...head,
    time,
    request,
    ...(method !== undefined && { method }),
    ...(target !== undefined && { target }),
    status: Number(status),
    bytes: bytes === '-' ? 0 : Number(bytes),
    ...(isSaid(referer) && { referer: unescaped(referer) }),
    ...(isSaid(userAgent) && { userAgent: unescaped(userAgent) }),
  };
}

const STAMP = / \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] /;
const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
const REST = new RegExp(`${QUOTED} (\\d{3}) (\\d+|-)(?: ${QUOTED} ${QUOTED})?`, 'y');
const REQUEST = /^([A-Z]{3,20}) (\S+)(?: HTTP\/[\d.]+)?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `[vhost] client ident user`; a user's name may hold blanks. */
function headOf(head: string): Pick<AccessLine, 'vhost' | 'client' | 'user'> | undefined {
  const words = head.split(' ');
  const [first = '', second = ''] = words;
  const vhost = isIP(first) === 0 && isIP(second) !== 0 ? first : undefined;
  const [client = '', , ...rest] = vhost === undefined ? words : words.slice(1);
  const user = rest.join(' ');
  if (client === '' || user === '') return undefined;
  return { ...(vhost !== undefined && { vhost }), client, ...(isSaid(user) && { user }) };
}

/** `11/Oct/2021:06:40:52 +0000`. */
function timeOf(stamp: string): number | undefined {
  const [, day, name = '', year, clock, sign, hours, minutes] =
    /^(\d{2})\/(\w{3})\/(\d{4}):(\S{8}) ([+-])(\d{2})(\d{2})$/.exec(stamp) ?? [];
  const month = String(MONTHS.indexOf(name) + 1).padStart(2, '0');
  const time = Date.parse(`${year}-${month}-${day}T${clock}${sign}${hours}:${minutes}`);
  return Number.isNaN(time) ? undefined : time;
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && text !== '-';
}

/** Apache escapes quotes, backslashes and what cannot be printed; nginx writes `\x22`. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (whole, code: string | undefined, sign: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return (sign === undefined ? undefined : ESCAPES[sign]) ?? whole;
  });
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n', r: '\r', t: '\t' };
