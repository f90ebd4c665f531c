import { makeRangeTable, parseRange } from '../../lists/address.ts';
import { parseAccessLine, plainAddress } from './access-log.ts';

/** What entering values would have blocked of a log's requests. */
export interface LogCounts {
  readonly lines: number;
  readonly unread: number;
  readonly successful: number;
  readonly blocked: number;
  readonly values: readonly ValueCount[];
}

interface ValueCount {
  readonly value: string;
  readonly list: string;
  readonly requests: number;
  readonly paths: readonly string[];
}

const PATHS_MAX = 3;

/**
 * Counts requests that were answered with 2xx or 3xx, by the value that would have blocked their client: the address
 * itself, else the widest range around it. `entering`: value → list. Names and URLs block nobody who comes to us.
 */
export async function countAgainst(
  lines: AsyncIterable<string>,
  entering: ReadonlyMap<string, string>,
): Promise<LogCounts> {
  const ranges = makeRangeTable(
    [...entering.keys()].flatMap((value) => {
      const range = value.includes('/') ? parseRange(value) : undefined;
      return range === undefined ? [] : [{ range, label: value }];
    }),
  );
  const blocking = (client: string): string | undefined => {
    const address = plainAddress(client);
    if (entering.has(address)) return address;
    const range = parseRange(address);
    return range === undefined ? undefined : ranges.covering(range);
  };
  const counts = { lines: 0, unread: 0, successful: 0, blocked: 0 };
  const found = new Map<string, { requests: number; paths: Set<string> }>();
  for await (const text of lines) {
    if (text.trim() === '') continue;
    counts.lines++;
    const line = parseAccessLine(text);
    if (line === undefined) counts.unread++;
    if (line === undefined || line.status < 200 || line.status >= 400) continue;
    counts.successful++;
    const value = blocking(line.client);
    if (value === undefined) continue;
    counts.blocked++;
    const known = found.get(value) ?? { requests: 0, paths: new Set() };
    found.set(value, known);
    known.requests++;
    // What follows the path may be a session or a password.
    if (known.paths.size < PATHS_MAX) known.paths.add((line.target ?? line.request).split('?')[0] ?? '');
  }
  const values = [...found].map(([value, { requests, paths }]) => {
    return { value, list: entering.get(value) ?? '', requests, paths: [...paths] };
  });
  values.sort((a, b) => b.requests - a.requests || (a.value < b.value ? -1 : 1));
  return { ...counts, values };
}
