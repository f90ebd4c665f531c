import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../src/plan/batch.ts';
import { computeChanges } from '../../src/plan/changes.ts';
import { EMPTY } from '../../src/plan/hold.ts';
import { computeRenewals, RENEW_EVERY_MS } from '../../src/plan/renewals.ts';
import { stillWanted } from '../../src/reconcile/meanwhile.ts';
import { planText, situation } from '../plan/situation.ts';

const V = '198.51.100.7';
const hold = (to: string) => ({ id: 'hold', channel: 'firewall-block', to, since: '2026-11-25T02:00:00.000Z' });

function creating(desired: string): Batch {
  const changes = computeChanges(situation(desired, '')).filter((it) => it.kind === 'create');
  return { kind: 'import', changes };
}

test('a channel that was emptied since is not renewed either; one that was put back to a commit is', () => {
  const changes = computeRenewals({ ...situation('', `tor ${V} g0 +1h link0 id=j`), everyMs: RENEW_EVERY_MS });
  const left = (to: string) =>
    planText([...stillWanted({ kind: 'replace', changes }, { holds: [hold(to)], letThrough: [] }).changes]);
  assert.equal(left(EMPTY), '');
  assert.equal(left('0123abc'), 'renew j');
});

test('in a channel on hold nothing is made, in others all is', () => {
  const { changes } = stillWanted(creating(`tor ${V}\nmail:tor ${V}`), { holds: [hold('0123abc')], letThrough: [] });
  assert.deepEqual(
    changes.map(({ feed }) => feed?.channel),
    ['mail'],
  );
});

test('what was let through since is not blocked; that it is allowed, a list may say as well', () => {
  const { changes } = creating(`tor ${V}\ntor 198.51.100.8`);
  const clean = { disposition: 1 } as const;
  const allowing = changes.map(
    (it) => 'entry' in it && { ...it, entry: { ...it.entry, terms: { ...it.entry?.terms, ...clean } } },
  );
  const letThrough = [{ type: 'ip', value: V }] as const;
  const values = (batch: Batch) => batch.changes.map((it) => ('entry' in it ? it.entry?.observable.value : undefined));
  assert.deepEqual(values(stillWanted({ kind: 'import', changes } as Batch, { holds: [], letThrough })), [
    '198.51.100.8',
  ]);
  const allowed = { kind: 'import', changes: allowing } as unknown as Batch;
  assert.deepEqual(values(stillWanted(allowed, { holds: [], letThrough })), [V, '198.51.100.8']);
});
