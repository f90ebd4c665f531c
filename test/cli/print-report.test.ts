import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport } from '../../src/cli/print-report.ts';
import { countChanges } from '../../src/plan/change.ts';
import type { Report } from '../../src/reconcile/report.ts';

function report(more: Partial<Report>): Report {
  return {
    ...{ run: 'r', kind: 'sync', owner: 'acme', tenant: 'https://ctia.example (local)', revision: 'c0ffee' },
    ...{ startedAt: '2026-11-25T12:00:00.000Z', endedAt: '2026-11-25T12:00:01.500Z', result: 'verified', digest: 'd' },
    ...{ counts: { ...countChanges([]), withdraw: 40 }, unchanged: 5, held: [], failures: [], notices: [], feeds: [] },
    ...{ requests: { total: 6, mutating: 0 }, read: { from: 'ctia', why: 'an audit' } },
    ...more,
  };
}

const firstLine = (more: Partial<Report>) => renderReport(report(more)).split('\n')[0];

test('an audit does nothing: what it counts a sync would do, and of lists with errors nobody knows it', () => {
  assert.match(firstLine({}) ?? '', /^40 changes: 40 withdraw; 5 unchanged; 6 requests/);
  assert.match(
    firstLine({ kind: 'audit' }) ?? '',
    /^audited, nothing was changed; a sync would make 40 changes: 40 wi/,
  );
  const broken = firstLine({ kind: 'audit', result: 'problems' }) ?? '';
  assert.match(broken, /^audited, nothing was changed; what a sync would do is not known while the lists have errors;/);
});

test('what first contact holds it holds whole, renewals too', () => {
  const last = (rule: string) =>
    renderReport(report({ result: 'held', held: [{ rule, message: 'why' }] }))
      .split('\n')
      .at(-1);
  assert.equal(last('first-contact'), 'held: nothing was applied or renewed (lists of c0ffee)');
  assert.equal(last('over-limit'), 'held: nothing but renewals was applied (lists of c0ffee)');
});
