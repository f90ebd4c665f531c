import type { AccessLine } from './access-log.ts';
import type { SampleRequest } from './findings.ts';

/** What is kept of requests that belong together, however many and however long they are. */
export interface RequestTally {
  count: number;
  firstSeen: number;
  lastSeen: number;
  readonly samples: SampleRequest[];
  host: string | undefined;
  readonly paths: string[];
}

const SAMPLES_MAX = 3;
const PATHS_MAX = 5;
const REQUEST_CHARS_MAX = 400;
const HEADER_CHARS_MAX = 200;
const PATH_CHARS_MAX = 120;

export function emptyTally(): RequestTally {
  return { count: 0, firstSeen: Infinity, lastSeen: -Infinity, samples: [], host: undefined, paths: [] };
}

export function addRequest(tally: RequestTally, line: AccessLine): void {
  tally.count++;
  tally.firstSeen = Math.min(tally.firstSeen, line.time);
  tally.lastSeen = Math.max(tally.lastSeen, line.time);
  if (tally.samples.length < SAMPLES_MAX) tally.samples.push(sampleOf(line));
  if (tally.host === undefined && line.vhost !== undefined) tally.host = shown(line.vhost, HEADER_CHARS_MAX);
  if (tally.paths.length < PATHS_MAX) addPath(tally.paths, shown(pathOf(line), PATH_CHARS_MAX));
}

export function addTally(tally: RequestTally, other: RequestTally): void {
  tally.count += other.count;
  tally.firstSeen = Math.min(tally.firstSeen, other.firstSeen);
  tally.lastSeen = Math.max(tally.lastSeen, other.lastSeen);
  tally.samples.push(...other.samples.slice(0, SAMPLES_MAX - tally.samples.length));
  tally.host ??= other.host;
  for (const path of other.paths) if (tally.paths.length < PATHS_MAX) addPath(tally.paths, path);
}

export function pathOf({ target, request }: AccessLine): string {
  const text = target ?? request;
  const end = text.indexOf('?');
  return end < 0 ? text : text.slice(0, end);
}

function addPath(paths: string[], path: string): void {
  if (!paths.includes(path)) paths.push(path);
}

function sampleOf({ time, request, status, userAgent, referer }: AccessLine): SampleRequest {
  return {
    time,
    request: shown(request, REQUEST_CHARS_MAX),
    status,
    ...(userAgent !== undefined && { userAgent: shown(userAgent, HEADER_CHARS_MAX) }),
    ...(referer !== undefined && { referer: shown(referer, HEADER_CHARS_MAX) }),
  };
}

/** Cut, control characters made visible, and a text of its own: a part would keep its whole line. */
function shown(text: string, max: number): string {
  const part = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  const plain = part.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return Buffer.from(plain).toString();
}
