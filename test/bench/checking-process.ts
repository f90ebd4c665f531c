import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { headroomOf, listedFeeds } from '../../src/plan/headroom.ts';
import { consumersOf } from '../../src/reconcile/prepare.ts';
import { readFeeds } from '../../src/sources/feeds-folder.ts';

/**
 * What `check` does, guards and consumers included, once, in a process of its own whose memory is then told; before it the
 * bare work: read, split, hash each line. Argument: the text file.
 */
const file = process.argv[2] ?? '';

const bareBegan = performance.now();
for (const line of readFileSync(file, 'utf8').split('\n')) createHash('sha256').update(line).digest('hex');
const bare = (performance.now() - bareBegan) / 1000;

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const began = performance.now();
const { reading } = await readFeeds(dirname(file), { now: Date.now() });
const consumers = consumersOf([...reading.settings.channels.values()]);
headroomOf(listedFeeds(reading.entries, consumers), consumers);
const ours = (performance.now() - began) / 1000;
delay.disable();

/** What the parent is told. */
export interface Checked {
  readonly bare: number;
  readonly ours: number;
  readonly entries: number;
  readonly peakMiB: number;
  /** The longest that it held up the event loop. */
  readonly longestBlockMs: number;
}

const peakMiB = process.resourceUsage().maxRSS / 1024;
const told: Checked = { bare, ours, entries: reading.entries.length, peakMiB, longestBlockMs: delay.max / 1e6 };
process.send?.(told);
process.disconnect?.();
