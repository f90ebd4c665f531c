/**
 * Work on a million entries that a worker's event loop is not to wait for: it stops after each slice, and whoever does it
 * gives others their turn there. Who has only a few does it at once. Both ways it is the same code, and gives the same.
 */
export type Sliced<T> = Generator<void, T, void>;

/** Some ten milliseconds of planning. */
export const SLICE = 10_000;

export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

export async function inSlices<T>(work: Sliced<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await pause();
  }
}

/** Stable, as `sort` is: slices are sorted by themselves, and then merged. May sort in place. */
export function* sorted<T>(items: T[], compare: (a: T, b: T) => number, slice: number = SLICE): Sliced<readonly T[]> {
  if (items.length <= slice) return items.sort(compare);
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += slice) {
    runs.push(items.slice(at, at + slice).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let n = 0; n < runs.length; n += 2)
      merged.push(yield* merge(runs[n] ?? [], runs[n + 1] ?? [], compare, slice));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number, slice: number): Sliced<T[]> {
  const merged: T[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const takesA = j >= b.length || (i < a.length && compare(a[i] as T, b[j] as T) <= 0);
    merged.push((takesA ? a[i++] : b[j++]) as T);
    if (merged.length % slice === 0) yield;
  }
  return merged;
}
