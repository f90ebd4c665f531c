/** How many addresses ranges cover. Values come in normal form (`lists/normalise.ts`), so nothing is checked here again. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

export function spanOf(value: string): Span {
  const [address = '', prefix] = value.split('/');
  const [bits, width] = address.includes(':') ? ([v6Bits(address), 128n] as const) : ([v4Bits(address), 32n] as const);
  const host = prefix === undefined ? 0n : width - BigInt(prefix);
  const first = (bits >> host) << host;
  return { first, last: first + (1n << host) - 1n };
}

export function sizeOf(value: string): bigint {
  const { first, last } = spanOf(value);
  return last - first + 1n;
}

/**
 * Addresses in `entering` that are not in `leaving`; each once, however many ranges cover it. Values are the keys. A list
 * of a million single addresses is counted, not sorted: only ranges are, and singles are asked for where there are any.
 */
export function spaceAdded(entering: ReadonlyMap<string, unknown>, leaving: ReadonlyMap<string, unknown>): bigint {
  const into = rangesOf(entering);
  const gone = rangesOf(leaving);
  let added = 0n;
  for (const { first, last } of into) {
    added += last - first + 1n;
    for (let n = firstEndingFrom(gone, first); n < gone.length; n++) {
      const other = gone[n];
      if (other === undefined || other.first > last) break;
      const from = other.first > first ? other.first : first;
      const to = other.last < last ? other.last : last;
      added -= to - from + 1n;
    }
  }
  const single = (value: string) => !value.includes('/');
  let singles = 0;
  for (const value of entering.keys()) if (single(value) && !covers(into, value) && !covers(gone, value)) singles++;
  for (const value of leaving.keys()) if (single(value) && covers(into, value) && !covers(gone, value)) singles--;
  return added + BigInt(singles);
}

/** Index of the first span that ends at this address or after it. */
function firstEndingFrom(spans: readonly Span[], address: bigint): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.last ?? 0n) < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function covers(spans: readonly Span[], address: string): boolean {
  if (spans.length === 0) return false;
  const { first } = spanOf(address);
  const span = spans[firstEndingFrom(spans, first)];
  return span !== undefined && span.first <= first;
}

/** In order, and none touching the next. */
function rangesOf(values: ReadonlyMap<string, unknown>): Span[] {
  const spans = [...values.keys()].filter((value) => value.includes('/')).map(spanOf);
  spans.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const joined: Span[] = [];
  for (const span of spans) {
    const before = joined.at(-1);
    if (before === undefined || span.first > before.last + 1n) joined.push(span);
    else if (span.last > before.last) joined[joined.length - 1] = { first: before.first, last: span.last };
  }
  return joined;
}

function v4Bits(address: string): bigint {
  let bits = 0;
  for (const part of address.split('.')) bits = bits * 256 + Number(part);
  return BigInt(bits);
}

function v6Bits(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const zeros: number[] = new Array(8 - front.length - back.length).fill(0);
  return [...front, ...zeros, ...back].reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

/** The last 32 bits may be written as IPv4 (RFC 5952, 5). */
function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const bits = Number(v4Bits(group));
    return [Math.floor(bits / 65_536), bits % 65_536];
  });
}
