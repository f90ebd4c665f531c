import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** With it a process tells of its longest turns: `turn-meter.ts`. */
export const MEASURED = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'turn-meter.js')).href}`,
};

/** Of a process that is measured, ms; 0 where none was worth telling. */
export function longestTurn({ stderr }: { readonly stderr: string }): number {
  assert.match(stderr, /^turns are measured$/m);
  return Math.max(0, ...[...stderr.matchAll(/^longest turn: (\d+) ms$/gm)].map(([, ms]) => Number(ms)));
}
