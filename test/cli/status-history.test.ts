import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldSince, lastDrift, verifiedAt } from '../../src/cli/status-history.ts';
import type { Drift } from '../../src/plan/drift.ts';
import type { Report } from '../../src/reconcile/report.ts';

/** Reports as a line each, newest first: `13:00 sync held`, `12:00 sync verified`, `11:00 audit missing`. */
function history(...lines: string[]): Report[] {
  return lines.map((line) => {
    const [endedAt = '', kind, said = ''] = line.split(' ');
    const drift = said === 'missing' ? [{ kind: said, whose: 'ours' } as Drift] : [];
    const feeds = ['firewall-block', 'mail'].map((channel) => {
      return { channel, at: endedAt, verified: said === 'verified' || said === channel };
    });
    const held = said === 'held' ? [{ rule: 'over-limit', message: 'too much' }] : [];
    return { kind, endedAt, result: said, held, feeds: said === 'held' ? [] : feeds, drift } as unknown as Report;
  });
}

test('held since the first of the held syncs in a row, whatever audits lie between', () => {
  assert.equal(heldSince(history('13:00 sync verified', '12:00 sync held')), null);
  const held = history(
    '14:00 sync held',
    '13:30 audit verified',
    '13:00 sync held',
    '12:00 sync verified',
    '11:00 sync held',
  );
  assert.equal(heldSince(held), '13:00');
  assert.equal(heldSince(history('14:00 sync held', '13:00 sync held')), '13:00', 'of all that is known');
});

test('a channel was verified when all of its feeds were, also by an audit and while another was not', () => {
  const reports = history('14:00 sync held', '13:00 sync mail', '12:00 audit verified', '11:00 sync verified');
  assert.deepEqual(verifiedAt(reports), { mail: '13:00', 'firewall-block': '12:00' });
  assert.deepEqual(verifiedAt([]), {});
});

test('drift of the last audit, and whether a sync was verified since', () => {
  assert.equal(lastDrift(history('12:00 sync verified')), null);
  const found = [{ kind: 'missing', whose: 'ours' }];
  assert.deepEqual(lastDrift(history('13:00 audit missing', '12:00 sync verified')), {
    at: '13:00',
    found,
    repaired_at: null,
  });
  const since = history('15:00 sync verified', '14:00 sync verified', '13:30 sync held', '13:00 audit missing');
  assert.deepEqual(lastDrift(since), { at: '13:00', found, repaired_at: '14:00' });
  assert.deepEqual(lastDrift(history('16:00 audit verified', '13:00 audit missing'))?.found, []);
});
