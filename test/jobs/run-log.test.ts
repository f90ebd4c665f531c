import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { RenewalReport } from '../../src/jobs/renew.ts';
import { logRenewal } from '../../src/jobs/run-log.ts';
import { logFailedJob, sayOnceAMinute } from '../../src/jobs/workers.ts';
import { MINUTE, systemClock } from '../../src/runtime/clock.ts';
import { makeLog } from '../../src/runtime/log.ts';
import { tempLog, workbench } from './workbench.ts';

function warnings(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).flatMap(({ level, msg }) => (level === 40 ? [msg] : []));
}

test('who has only the log of a worker reads there what he must act on: held, and errors with their line', async (t) => {
  const file = tempLog(t);
  const files = { 'tor.yaml': 'action: block\nobservables: [11.0.0.1, 11.0.0.2, 11.0.0.3]\n' };
  const bench = await workbench(t, { files, log: makeLog({ level: 'info', file, pretty: false }) });
  bench.startWorkers();
  assert.equal((await bench.run('sync', { yes: true })).result?.result, 'verified');
  assert.deepEqual(warnings(file), []);
  bench.write('settings.yaml', 'owner: acme\nlimits: { withdrawals: 1 }\n');
  bench.write('tor.yaml', 'action: block\nobservables: [11.0.0.1]\n');
  assert.equal((await bench.run('sync')).result?.result, 'held');
  bench.write('tor.yaml', 'action: block\nobservables: [11.0.0.1, nonsense]\n');
  assert.equal((await bench.run('sync')).result?.result, 'problems');
  const [held = '', problems = '', ...more] = warnings(file);
  assert.match(held, /^over the limits: firewall-block\/ip withdrawals 2 \(limit 1\); .* --force or --digest/);
  assert.match(problems, /^1 error in the lists: feeds\/tor\.yaml:2:\d+ error/);
  assert.deepEqual(more, []);
});

test('a renewal that failed is a warning that names the first, and one that renews nothing says why', (t) => {
  const file = tempLog(t);
  const log = makeLog({ level: 'info', file, pretty: false });
  const report: RenewalReport = {
    ...{ run: 'r', kind: 'renew', owner: 'acme', tenant: 't', startedAt: '', endedAt: '', firstLapse: null },
    ...{ result: 'renewed', live: 3, renewed: 0, failures: [], notices: [] },
    ...{ requests: { total: 1, mutating: 0 }, read: { from: 'ledger', why: '' } },
  };
  logRenewal(log, report);
  logRenewal(log, { ...report, live: 0, result: 'first-contact' });
  const failure = { message: '11.0.0.1 may not be written', h: 'h' } as RenewalReport['failures'][number];
  logRenewal(log, { ...report, result: 'not-renewed', failures: [failure, failure] });
  logRenewal(log, { ...report, result: 'first-contact' });
  const [failed = '', contact = '', ...more] = warnings(file);
  assert.equal(failed, '2 not renewed, the first: 11.0.0.1 may not be written');
  assert.match(contact, /^first contact: none of 3 live is renewed, .* apply --yes$/);
  assert.deepEqual(more, []);
});

test('a job that failed is an error where nobody tries it again; a Redis that was lost is told in those words', (t) => {
  const file = tempLog(t);
  const log = makeLog({ level: 'info', file, pretty: false });
  const job = { id: 'batch-1', name: 'import' };
  const lost = Object.assign(new Error('Reached the max retries per request limit (which is 3). Refer to …'), {
    name: 'MaxRetriesPerRequestError',
  });
  logFailedJob(log, job, lost);
  logFailedJob(log, { ...job, finishedOn: 1 }, new Error('no'));
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      [40, 'job failed, and is tried again: Redis was lost in the middle of it'],
      [50, 'job failed: no'],
    ],
  );
});

test('what hinders a queue is said once a minute, whichever script it hinders', (t) => {
  const file = tempLog(t);
  const log = makeLog({ level: 'info', file, pretty: false });
  let now = 0;
  const say = sayOnceAMinute({ log, clock: { ...systemClock, now: () => now } }, 'q');
  for (const script of ['d96ca626', '9f83944d'])
    say(new Error(`MISCONF No space left on device script: ${script}, on @user_script:161.`));
  assert.deepEqual(warnings(file), ['queue: MISCONF No space left on device']);
  now = MINUTE;
  say(new Error('MISCONF No space left on device'));
  assert.equal(warnings(file).length, 2);
});
