/** So many items may be missing at one place before those after them are not found any more. */
const REACH = 500;

/**
 * Finds again, one after the other, what mostly comes in the order in which it stood before: each is looked for a little way
 * on from the one before it, and no index of 100,000 is made for one that changed. What is not found may be there all
 * the same, further away. Each in vain shortens the reach by one, so that where all is new it costs next to nothing.
 */
export function findsInOrder<T>(items: readonly T[]): (is: (item: T) => boolean) => number | undefined {
  let next = 0;
  let reach = REACH;
  return (is) => {
    const end = Math.min(next + reach, items.length);
    for (let n = next; n < end; n += 1) {
      if (!is(items[n] as T)) continue;
      next = n + 1;
      reach = REACH;
      return n;
    }
    reach = Math.max(1, reach - 1);
    return undefined;
  };
}
