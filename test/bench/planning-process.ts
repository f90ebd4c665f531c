import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Entry } from '../../src/ctim/entry.ts';
import { entryHash } from '../../src/ctim/external-id.ts';
import { feedKey } from '../../src/ctim/feed.ts';
import { readWill } from '../../src/jobs/desired.ts';
import type { ActualJudgement } from '../../src/plan/actual.ts';
import { newJudgement, wordsOf } from '../../src/plan/documents.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { makeInterner } from '../../src/reconcile/actual.ts';

/**
 * Reads a list and plans it against a ledger that holds the same, in a process of its own whose memory is then told; beside
 * it, in turns, the bare work: read, split, hash each line. The text file is the one argument.
 */
const ROUNDS = 3;
const OWNER = 'bench';
const file = process.argv[2] ?? '';
const now = Date.now();

function bareSeconds(): number {
  const began = performance.now();
  for (const line of readFileSync(file, 'utf8').split('\n')) createHash('sha256').update(line).digest('hex');
  return (performance.now() - began) / 1000;
}

const read = () => readWill({ feedsDir: dirname(file), now, adhocAllow: [], ownEmbedded: true });

function ledgerOf(entries: readonly Entry[]): Map<string, ActualJudgement[]> {
  const moment = { now, owner: OWNER, revision: 'bench' };
  const shared = makeInterner();
  const judgements = new Map<string, ActualJudgement[]>();
  for (const [n, entry] of entries.entries()) {
    const h = entryHash(entry.channel, entry.list, entry.observable);
    const document = newJudgement(moment, entry, { h, g: 0 });
    const one: ActualJudgement = {
      ...{ id: `judgement-${n}`, h, g: 0, observable: document.observable, words: shared(wordsOf(entry.terms)) },
      start: Date.parse(document.valid_time.start_time),
      end: Date.parse(document.valid_time.end_time),
      once: false,
      lifetimeMs: entry.terms.lifetime.kind === 'renewed' ? entry.terms.lifetime.ms : undefined,
      references: document.external_references,
      links: [{ id: `relationship-${n}`, g: 0, target: 'indicator', tlp: entry.terms.tlp }],
    };
    judgements.set(h, [one]);
  }
  return judgements;
}

const judgements = ledgerOf((await read()).desired.entries);
const bare: number[] = [];
const ours: number[] = [];
let changes = -1;
for (let round = 0; round < ROUNDS; round += 1) {
  bare.push(bareSeconds());
  const began = performance.now();
  const { desired, problems } = await read();
  const byHash = new Map(
    desired.entries.map((entry) => [entryHash(entry.channel, entry.list, entry.observable), entry]),
  );
  const types = desired.channels.flatMap(({ name, titles }) =>
    [...titles.keys()].map((type) => ({ channel: name, type })),
  );
  const plan = makePlan(
    {
      ...{ owner: OWNER, tenant: 'bench', revision: desired.revision, makings: [], now, desired: byHash },
      actual: { judgements, dangling: new Map() },
      indicators: new Map(types.map((feed) => [feedKey(feed), 'indicator'])),
    },
    () => [],
  );
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
}

const told: Planned = { bare, ours, changes, peakMiB: process.resourceUsage().maxRSS / 1024 };
process.send?.(told);
process.disconnect?.();
