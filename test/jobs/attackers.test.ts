import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/runtime/clock.ts';
import { type Workbench, workbench } from './workbench.ts';

const DAY = 86_400_000;
const REASON = 'SQL injection: 57 requests';

async function published(bench: Workbench): Promise<{ value: string; end: string; source_uri?: string }[]> {
  const { json } = await bench.get('/ctia/judgement/search?source=attackers&sort_by=observable.value&limit=100');
  return json.map((it: { observable: { value: string }; valid_time: { end_time: string }; source_uri?: string }) => ({
    value: it.observable.value,
    end: it.valid_time.end_time,
    source_uri: it.source_uri,
  }));
}

test('attackers of a log are blocked until their time, all at once; what is guarded or allowed is not, and the same again makes nothing new', async (t) => {
  const bench = await workbench(t, {
    files: {
      'bad.yaml': 'action: block\nobservables: [ 11.0.0.1 ]\n',
      'good.yaml': 'action: allow\nobservables: [ 11.2.0.0/16 ]\n',
    },
  });
  bench.startWorkers();
  assert.equal((await bench.run('sync', { yes: true })).result?.result, 'verified');

  const until = new Date(systemClock.now() + DAY).toISOString();
  const incident = 'https://ctia.example/ctia/incident/incident-1';
  const attackers = ['11.1.0.1', '11.1.0.2', '11.2.0.7', '10.0.0.1', '8.8.8.8'].map((value) => {
    return { value, until, reason: REASON, severity: 'High', source_uri: incident };
  });
  const first = (await bench.run('attackers', { attackers })).result;
  assert.deepEqual(
    first.blocked.map(({ value }: { value: string }) => value),
    ['11.1.0.1', '11.1.0.2'],
  );
  const because = new Map(first.notBlocked.map((it: { value: string; because: string }) => [it.value, it.because]));
  assert.match(String(because.get('11.2.0.7')), /^allowed by list good \(feeds\/good\.yaml:2\)$/);
  assert.match(String(because.get('10.0.0.1')), /private/);
  assert.match(String(because.get('8.8.8.8')), /Google/);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.1.0.1\n11.1.0.2');
  assert.deepEqual(await published(bench), [
    { value: '11.1.0.1', end: until, source_uri: incident },
    { value: '11.1.0.2', end: until, source_uri: incident },
  ]);

  const again = (await bench.run('attackers', { attackers: attackers.slice(0, 2) })).result;
  assert.deepEqual([again.blocked.length, again.stay.length], [0, 2]);
  const later = new Date(systemClock.now() + 3 * DAY).toISOString();
  await bench.run('attackers', { attackers: [{ value: '11.1.0.1', until: later, reason: REASON }] });
  assert.deepEqual(
    (await published(bench)).map(({ value, end }) => [value, end]),
    [
      ['11.1.0.1', later],
      ['11.1.0.2', until],
    ],
    'its time is longer now, in place',
  );

  const sync = (await bench.run('sync')).result;
  assert.deepEqual([sync.result, Object.values(sync.counts).every((count) => count === 0)], ['verified', true]);
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.1.0.1\n11.1.0.2');

  bench.write('good.yaml', 'action: allow\nobservables: [ 11.2.0.0/16, 11.1.0.2 ]\n');
  const allowed = (await bench.run('sync')).result;
  assert.equal(allowed.result, 'verified', JSON.stringify(allowed.held));
  assert.equal(allowed.counts.withdraw, 1);
  assert(
    allowed.notices.some((notice: string) => /^attackers: "11\.1\.0\.2" .*allowed by feeds\/good\.yaml:2/.test(notice)),
  );
  assert.equal(await bench.view('ip'), '11.0.0.1\n11.1.0.1', 'whatever allows wins over what a log proposed');

  const removed = await bench.run('remove', { value: '11.1.0.1' });
  assert.equal(removed.result?.did, 'withdrawn', removed.failed);
  assert.equal(await bench.view('ip'), '11.0.0.1', 'a person takes back what a log proposed');
  const back = (await bench.run('attackers', { attackers: [{ value: '11.1.0.1', until: later, reason: REASON }] }))
    .result;
  assert.match(back.notBlocked[0].because, /taken back/, 'and the same log again brings nothing back');

  const flood = Array.from({ length: 1000 }, (_, n) => {
    return { value: `11.3.${n >> 8}.${n & 255}`, until, reason: REASON };
  });
  bench.write('settings.yaml', 'owner: acme\nlimits: { additions: 500 }\n');
  const { failed } = await bench.run('attackers', { attackers: flood });
  assert.match(String(failed), /^refused: nobody is blocked: over the limits: .*additions 1000 \(limit 500\)/);
  assert.equal(await bench.view('ip'), '11.0.0.1');
});
