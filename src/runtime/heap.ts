import { setFlagsFromString } from 'node:v8';

/** So much more than is in use after one look at everything may be in use before the next; V8 lets it become four times as much. */
const GROWING_PERCENT = 40;

/**
 * A worker reads lists of a million entries again and again, and what it read before is garbage then. Without this, memory
 * of three such readings waits to be looked at. To be called before there is anything in it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
