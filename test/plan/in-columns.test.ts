import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { feedKey } from '../../src/ctim/feed.ts';
import { type ActualJudgement, isLive } from '../../src/plan/actual.ts';
import type { Apart } from '../../src/plan/apart.ts';
import { type Change, hashOf } from '../../src/plan/change.ts';
import { changesInSlices, feedKeyOf, feedKeyOfStanding, type Situation } from '../../src/plan/changes.ts';
import { makeEntriesByHash, withoutEntries } from '../../src/plan/entries-by-hash.ts';
import { H_DESK, layHex, makeHashKeys } from '../../src/plan/hash-keys.ts';
import { heldSizes } from '../../src/plan/headroom.ts';
import { ofChannels, withoutChannels } from '../../src/plan/hold.ts';
import { makeJudgementColumns } from '../../src/plan/judgement-columns.ts';
import { findMoves } from '../../src/plan/moves.ts';
import { desiredValues, type FeedCount, liveCount, makePlan, type Plan } from '../../src/plan/plan.ts';
import { computeRenewals } from '../../src/plan/renewals.ts';
import { runways } from '../../src/plan/runway.ts';
import { findShortages } from '../../src/plan/shortage.ts';
import { atOnce } from '../../src/plan/slices.ts';
import { actual, desired } from './any-situation.ts';
import { BLOCK_IP, DAY, situation } from './situation.ts';

/** Ids as CTIA gives them, but for a few, which do not fit into columns. */
function withIds(of: Situation): Situation {
  const long = (id: string) => {
    const hex = createHash('sha256').update(id).digest('hex');
    const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
    return hex.startsWith('0') ? id : `https://ctia.test:443/ctia/judgement/judgement-${uuid}`;
  };
  const judgements = new Map<string, readonly ActualJudgement[]>();
  for (const [h, those] of of.actual.judgements) {
    const renamed = those.map((it) => {
      return { ...it, id: long(it.id), links: it.links.map((link) => ({ ...link, id: long(link.id) })) };
    });
    judgements.set(h, renamed);
  }
  return { ...of, actual: { ...of.actual, judgements } };
}

/** The same situation as a worker has it. */
function inColumns(of: Situation): Situation {
  const judgements = makeJudgementColumns();
  for (const [h, those] of of.actual.judgements) judgements.set(h, those);
  const hashes = makeHashKeys(H_DESK);
  const numbers: number[] = [];
  for (const h of of.desired.keys()) {
    assert(layHex(h));
    numbers.push(hashes.add());
  }
  const desired = makeEntriesByHash([...of.desired.values()], Int32Array.from(numbers), hashes);
  return { ...of, desired, actual: { ...of.actual, judgements } };
}

function plan(of: Situation): Plan {
  return makePlan({ ...of, owner: 'acme', tenant: 't', revision: 'r', makings: [] }, () => []);
}

/** In which order renewals of one end, or what is collected, come is nobody's business. */
function inOrder(changes: readonly Change[]): readonly Change[] {
  return [...changes].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** By comparing everything that is wanted with everything that is held. */
function naiveCounts(of: Situation, changes: readonly Change[]): FeedCount[] {
  const wanted = desiredValues(of);
  const held = new Map<string, Set<string>>();
  for (const those of of.actual.judgements.values()) {
    for (const it of those) {
      const key = isLive(it, of.now) ? feedKeyOf(it, of.indicators) : undefined;
      if (key !== undefined) held.set(key, (held.get(key) ?? new Set()).add(it.observable.value));
    }
  }
  const restoring = changes.filter((change) => {
    if (change.kind === 'link') return true;
    if (change.kind !== 'create' && change.kind !== 'revive') return false;
    // The last of it died before its time, and nobody withdrew it.
    const [last] = [...(of.actual.judgements.get(hashOf(change)) ?? [])].sort((x, y) => y.end - x.end);
    return last !== undefined && !last.once && !last.words.reason?.includes('withdrawn');
  }) as Extract<Change, { kind: 'create' | 'link' | 'revive' }>[];
  return [...wanted].map(([key, values]): FeedCount => {
    const before = held.get(key) ?? new Set<string>();
    const entering = [...values].filter((value) => !before.has(value));
    const back = restoring.filter((change) => feedKey(change.feed) === key).map(({ entry }) => entry.observable.value);
    const [channel = '', type] = key.split('/');
    return {
      feed: { channel, type: type as FeedCount['feed']['type'] },
      entries: values.size,
      enters: entering.length,
      restores: entering.filter((value) => back.includes(value)).length,
      leaves: [...before].filter((value) => !values.has(value)).length,
    };
  });
}

const one = fc.constantFrom<Situation['indicators'][]>(
  situation('', '').indicators,
  // One indicator that fills two feeds, and a feed whose indicator is still to be made.
  new Map([...situation('', '').indicators.keys()].map((key) => [key, BLOCK_IP])),
  new Map([...situation('', '').indicators.keys()].map((key) => [key, key.startsWith('mail') ? undefined : BLOCK_IP])),
);

test('what a plan says of columns it says of maps, and of feeds what comparing all with all says', () => {
  fc.assert(
    fc.property(
      desired,
      actual,
      one,
      fc.boolean(),
      fc.constantFrom(0, 0.01),
      (wish, held, indicators, unknown, after) => {
        const plain = withIds({
          ...situation(wish, held),
          ...{ indicators, collectAfterMs: after * DAY },
          ...(unknown && { unknownLists: new Set(['manual']) }),
        });
        const columns = inColumns(plain);
        const told = plan(columns);
        const { changes, ...rest } = plan(plain);
        assert.deepEqual({ ...told, changes: inOrder(told.changes) }, { ...rest, changes: inOrder(changes) });
        const moved = changes.some(({ kind }) => kind !== 'renew' && kind !== 'collect');
        if (moved) assert.deepEqual(told.feeds, naiveCounts(plain, changes));
        for (const { feed, entries } of told.feeds)
          assert.equal(desiredValues(plain).get(feedKey(feed))?.size, entries);

        const whole = findMoves(plain, changes);
        for (const of of [plain, columns]) {
          const { apart }: { apart: Apart } = atOnce(changesInSlices(of));
          assert.deepEqual(findMoves(of, told.changes, apart), whole);
        }
        assert.deepEqual(findMoves(columns, changes), whole);
      },
    ),
    { numRuns: 250, seed: 20261125 },
  );
});

test('whoever asks what is held of columns hears what maps say', () => {
  fc.assert(
    fc.property(desired, actual, fc.constantFrom(0, 4 * DAY), (wish, held, later) => {
      const before = withIds(situation(wish, held));
      const plain = { ...before, now: before.now + later };
      const columns = inColumns(plain);
      const { now } = plain;
      const asked = (of: Situation) => ({
        shortages: findShortages(of),
        // Of what ends at one moment any may be named.
        runways: [...runways(of.actual, now, (id) => id)]
          .map(([key, { live, lapses, ends }]) => [key, live, lapses?.at, ends?.at])
          .sort(),
        sizes: heldSizes(of),
        live: liveCount(of.actual, now),
        values: desiredValues(of),
        due: computeRenewals({ actual: of.actual, now, everyMs: 1000 })
          .map(({ stored }) => stored.id)
          .sort(),
        standing: [...of.actual.judgements.values()].flat().map((it) => feedKeyOfStanding(it, of)),
        without: heldWithout(of),
      });
      assert.deepEqual(asked(columns), asked(plain));
    }),
    { numRuns: 120, seed: 20261125 },
  );
});

function heldWithout(of: Situation) {
  const channels = new Set(['mail']);
  const left = withoutChannels(of, channels, ofChannels(channels, new Set(['mail-ip']), new Set([BLOCK_IP])));
  const fewer = withoutEntries(of.desired, ({ list }) => list === 'tor');
  return {
    ...{ desired: [...left.desired], held: [...left.actual.judgements], indicators: left.indicators },
    ...{ size: left.actual.judgements.size, fewer: [...fewer], fewerSize: fewer.size },
  };
}
