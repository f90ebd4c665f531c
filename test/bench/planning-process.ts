import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Entry } from '../../src/ctim/entry.ts';
import { entryHash } from '../../src/ctim/external-id.ts';
import { feedKey } from '../../src/ctim/feed.ts';
import { readWill } from '../../src/jobs/desired.ts';
import type { ActualJudgement } from '../../src/plan/actual.ts';
import { newJudgement, wordsOf } from '../../src/plan/documents.ts';
import { type JudgementColumns, makeJudgementColumns } from '../../src/plan/judgement-columns.ts';
import { planInSlices } from '../../src/plan/plan.ts';
import { inSlices } from '../../src/plan/slices.ts';
import { byHash } from '../../src/reconcile/by-hash.ts';
import { keepHeapSmall } from '../../src/runtime/heap.ts';

/**
 * Reads a list and plans it against a ledger that holds the same, in a process of its own whose memory is then told; beside
 * it, in turns, the bare work: read, split, hash each line. Arguments: the text file, and how often.
 */
const OWNER = 'bench';
const file = process.argv[2] ?? '';
const rounds = Number(process.argv[3]);
const now = Date.now();
// As a worker does when it starts.
keepHeapSmall();

function bareSeconds(): number {
  const began = performance.now();
  for (const line of readFileSync(file, 'utf8').split('\n')) createHash('sha256').update(line).digest('hex');
  return (performance.now() - began) / 1000;
}

const read = () => readWill({ feedsDir: dirname(file), now, adhocAllow: [], ownEmbedded: true });

/** As the ledger's copy in a worker, with ids as CTIA gives them. */
function ledgerOf(entries: readonly Entry[]): JudgementColumns {
  const moment = { now, owner: OWNER, revision: 'bench' };
  const judgements = makeJudgementColumns();
  const idOf = (type: string) => `https://private.intel.example:443/ctia/${type}/${type}-${randomUUID()}`;
  for (const entry of entries) {
    const h = entryHash(entry.channel, entry.list, entry.observable);
    const document = newJudgement(moment, entry, { h, g: 0 });
    const one: ActualJudgement = {
      ...{ id: idOf('judgement'), h, g: 0, observable: document.observable, words: wordsOf(entry.terms) },
      start: Date.parse(document.valid_time.start_time),
      end: Date.parse(document.valid_time.end_time),
      once: false,
      lifetimeMs: entry.terms.lifetime.kind === 'renewed' ? entry.terms.lifetime.ms : undefined,
      references: document.external_references,
      links: [
        {
          id: idOf('relationship'),
          g: 0,
          target: `indicator ${feedKey({ channel: entry.channel, type: entry.observable.type })}`,
          tlp: entry.terms.tlp,
        },
      ],
    };
    judgements.set(h, [one]);
  }
  return judgements;
}

const judgements = ledgerOf((await read()).desired.entries);
const bare: number[] = [];
const ours: number[] = [];
let changes = -1;
const delay = monitorEventLoopDelay({ resolution: 10 });
for (let round = 0; round < rounds; round += 1) {
  bare.push(bareSeconds());
  const began = performance.now();
  delay.enable();
  const { desired, problems } = await read();
  const hashed = await byHash(desired.entries);
  const types = desired.channels.flatMap(({ name, titles }) =>
    [...titles.keys()].map((type) => ({ channel: name, type })),
  );
  const planned = planInSlices(
    {
      ...{ owner: OWNER, tenant: 'bench', revision: desired.revision, makings: [], now, desired: hashed },
      actual: { judgements, dangling: new Map() },
      indicators: new Map(types.map((feed) => [feedKey(feed), `indicator ${feedKey(feed)}`])),
    },
    () => [],
  );
  const plan = await inSlices(planned, setImmediate);
  delay.disable();
  ours.push((performance.now() - began) / 1000);
  changes = plan.changes.length + problems.length;
}

/** What the parent is told. */
export interface Planned {
  readonly bare: number[];
  readonly ours: number[];
  /** Changes and problems; 0, or something else was measured. */
  readonly changes: number;
  readonly peakMiB: number;
  /** The longest that reading and planning held up the event loop. */
  readonly longestBlockMs: number;
}

const longestBlockMs = delay.max / 1e6;
const told: Planned = { bare, ours, changes, peakMiB: process.resourceUsage().maxRSS / 1024, longestBlockMs };
process.send?.(told);
process.disconnect?.();
