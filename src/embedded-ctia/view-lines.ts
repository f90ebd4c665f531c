/** A view as it is kept to be gone on with: values in the order of their bytes, and for each when it may be another. */
export interface ViewLines {
  /** What is sent: no newline after the last line. */
  readonly body: Buffer;
  /** Each line with its newline. */
  readonly bytes: Buffer;
  /** Where each line begins, and where the last one ends. */
  readonly starts: Uint32Array;
  /** The first instant at which one of the judgements behind a line begins or ends to be valid; none is Infinity. */
  readonly changesAt: Float64Array;
  /** Values that are to come: not in the view, and when they may be. */
  readonly coming: ReadonlyMap<string, number>;
}

/** How a value stands in a view: once for each type that it is valid under. */
export interface ValueStanding {
  readonly lines: number;
  readonly changesAt: number;
}

export const NOT_IN_VIEW: ValueStanding = { lines: 0, changesAt: Number.POSITIVE_INFINITY };

const NEWLINE = 10;

/** Of values in the order of their bytes, and joined. Undefined where one of them has a newline in it: it would count as two. */
export function viewLines(
  joined: string,
  values: readonly string[],
  changesAtOf: (value: string) => number,
  coming: ReadonlyMap<string, number>,
): ViewLines | undefined {
  const bytes = Buffer.from(values.length === 0 ? '' : `${joined}\n`);
  const starts = new Uint32Array(values.length + 1);
  let line = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== NEWLINE) continue;
    line += 1;
    starts[line] = at + 1;
  }
  if (line !== values.length) return undefined;
  const changesAt = new Float64Array(values.length);
  for (const [n, value] of values.entries()) changesAt[n] = changesAtOf(value);
  return { body: bodyOf(bytes), bytes, starts, changesAt, coming };
}

/** The next instant at which it is another view, if nothing is written. */
export function nextChange({ changesAt, coming }: ViewLines): number {
  let next = Number.POSITIVE_INFINITY;
  for (let line = 0; line < changesAt.length; line += 1) next = Math.min(next, changesAt[line] ?? next);
  for (const at of coming.values()) if (at < next) next = at;
  return next;
}

/** Values that may stand otherwise at `now`. */
export function dueBy({ bytes, starts, changesAt, coming }: ViewLines, now: number): string[] {
  const due: string[] = [];
  for (let line = 0; line < changesAt.length; line += 1) {
    if ((changesAt[line] ?? 0) <= now) due.push(bytes.toString('utf8', starts[line], (starts[line + 1] ?? 0) - 1));
  }
  for (const [value, at] of coming) if (at <= now) due.push(value);
  return due;
}

/**
 * The same view with these values as they stand now. Searching takes some twenty comparisons for each of them; all else is
 * copying bytes. Where no line comes or goes the bytes are the very same ones.
 */
export function withStandings(view: ViewLines, standings: ReadonlyMap<string, ValueStanding>): ViewLines {
  const coming = new Map(view.coming);
  const places = [...standings]
    .map(([value, standing]) => ({ line: Buffer.from(`${value}\n`), standing, value }))
    .sort((a, b) => compareLines(a.line, b.line))
    .map((each) => ({ ...each, ...placeOf(view, each.line) }));
  for (const { value, standing } of places) {
    if (standing.lines === 0 && standing.changesAt !== Number.POSITIVE_INFINITY) coming.set(value, standing.changesAt);
    else coming.delete(value);
  }
  if (places.every(({ standing, from, to }) => standing.lines === to - from)) {
    const changesAt = view.changesAt.slice();
    for (const { standing, from, to } of places) changesAt.fill(standing.changesAt, from, to);
    return { ...view, changesAt, coming };
  }
  const count = places.reduce((sum, { standing, from, to }) => sum + standing.lines - (to - from), countOf(view));
  const length = places.reduce(
    (sum, { line, standing, from, to }) => sum + line.length * (standing.lines - (to - from)),
    view.bytes.length,
  );
  const bytes = Buffer.allocUnsafeSlow(length);
  const starts = new Uint32Array(count + 1);
  const changesAt = new Float64Array(count);
  let line = 0;
  let end = 0;
  const copy = (from: number, to: number) => {
    const first = view.starts[from] ?? 0;
    for (let n = from; n < to; n += 1) starts[line + n - from] = (view.starts[n] ?? 0) - first + end;
    changesAt.set(view.changesAt.subarray(from, to), line);
    end += view.bytes.copy(bytes, end, first, view.starts[to]);
    line += to - from;
  };
  let done = 0;
  for (const { line: own, standing, from, to } of places) {
    copy(done, from);
    for (let n = 0; n < standing.lines; n += 1) {
      starts[line] = end;
      changesAt[line] = standing.changesAt;
      end += own.copy(bytes, end);
      line += 1;
    }
    done = to;
  }
  copy(done, countOf(view));
  starts[line] = end;
  return { body: bodyOf(bytes), bytes, starts, changesAt, coming };
}

/** What it takes beside its text. */
export function bytesBeside({ starts, changesAt, coming }: ViewLines): number {
  return starts.byteLength + changesAt.byteLength + coming.size * COMING_BYTES;
}

const COMING_BYTES = 100;

function bodyOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.max(0, bytes.length - 1));
}

function countOf({ starts }: ViewLines): number {
  return starts.length - 1;
}

/** The lines that are this one, or where it would stand. */
function placeOf(view: ViewLines, line: Buffer): { from: number; to: number } {
  let from = 0;
  for (let beyond = countOf(view); from < beyond; ) {
    const middle = (from + beyond) >>> 1;
    if (compareAt(view, middle, line) < 0) from = middle + 1;
    else beyond = middle;
  }
  let to = from;
  while (to < countOf(view) && compareAt(view, to, line) === 0) to += 1;
  return { from, to };
}

function compareAt({ bytes, starts }: ViewLines, n: number, line: Buffer): number {
  return bytes.compare(line, 0, line.length - 1, starts[n], (starts[n + 1] ?? 0) - 1);
}

/** Without their newlines: a value may have bytes that come before one. */
function compareLines(a: Buffer, b: Buffer): number {
  return a.compare(b, 0, b.length - 1, 0, a.length - 1);
}
