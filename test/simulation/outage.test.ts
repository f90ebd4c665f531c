import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultOf } from '../reconcile/tenant.ts';
import { makeAuditor } from './auditor.ts';
import { firstLists } from './edits.ts';
import { filesOf, LIFETIME_MIN_MS } from './lists.ts';
import { openWorld } from './world.ts';

const HOUR = 3_600_000;

test('an outage longer than the margin: the next run restores the feeds, and says how long each was short of what', async (t) => {
  const world = await openWorld({
    seed: 1,
    refreshMs: 1000,
    serverAheadMs: 0,
    bulkMax: 2000,
    pageSize: 5000,
    keepsRights: false,
  });
  t.after(() => world.close());
  const lists = firstLists();
  const commit = { n: 1, files: filesOf(lists) };
  const auditor = makeAuditor(world, { foreign: [], kept: [] });
  assert.equal(resultOf(await world.run(commit, { force: true })), 'verified');
  await auditor.verified(lists, world.now());

  world.step(LIFETIME_MIN_MS + 30 * HOUR);
  await assert.rejects(auditor.look('after the outage'), /absent/);
  const report = await world.run(commit);
  assert.equal(resultOf(report), 'verified');
  await auditor.verified(lists, world.now());
  await auditor.noDuplicates();
  // The jitter adds up to a twentieth of the lifetime; the list with 14 days had no gap.
  assert.match(
    report.notices[0] ?? '',
    /^firewall-block\/ip was short of 4 values for (?:27|28|29) hours \(since 2026-11-27T/,
  );
  assert.match(report.notices[1] ?? '', /^partner\/ip was short of 1 value for (?:27|28|29) hours/);
  assert.equal(report.notices.length, 2);

  const again = await world.run(commit);
  assert.deepEqual(again.notices, []);
  assert.equal(again.requests.mutating, 0);
});
