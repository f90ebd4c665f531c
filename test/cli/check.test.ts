import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnded, folderWith, run } from './ctim-feeds-process.ts';
import { runHere } from './in-this-process.ts';

const GOOD = {
  'feeds/tor.yaml': 'action: block\nobservables:\n  - 11.0.0.1\n  - 11.0.0.1\n  - todaysfutbol.com\n',
  'feeds/deep/allow.yaml': 'action: allow\nobservables: ["*.root-servers.net"]\n',
};
const BAD = { ...GOOD, 'feeds/bad.yaml': 'action: block\nobservables:\n  - 11.0.0.2\n  - 1.2.3\n  - 8.8.8.8\n' };

test('check prints a table, and where to look when something is wrong', async (t) => {
  const good = checkEnded(await run(t, folderWith(t, GOOD), ['check']), 0);
  assert.match(good.stdout, /feeds\/tor\.yaml +tor +block +firewall-block +2 +1 +0 +0\n/);
  assert.match(good.stdout, /feeds\/deep\/allow\.yaml +deep\/allow +allow +firewall-allow +1 +0 +0 +0\n/);
  assert.match(good.stdout, /\n0 errors, \d+ notices?; 3 entries to publish/);
  assert.equal(good.stderr, '');

  const bad = checkEnded(await run(t, folderWith(t, BAD), ['check']), 1);
  assert.match(bad.stdout, /^feeds\/bad\.yaml:4:5:? .*1\.2\.3/m);
  assert.match(bad.stdout, /^feeds\/bad\.yaml:5:5:? .*8\.8\.8\.8/m);
  assert.match(bad.stdout, /\n2 errors, /);
});

test('check --json has the shape that programs rely on', async (t) => {
  const { stdout } = checkEnded(await runHere(folderWith(t, BAD), ['check', '--json']), 1);
  const { lists, problems, consumers, ...rest } = JSON.parse(stdout);
  assert.deepEqual([rest, consumers], [{}, []], 'nobody is said to pull anything');
  assert.deepEqual(
    lists.find(({ name }: { name: string }) => name === 'tor'),
    {
      ...{ file: 'feeds/tor.yaml', name: 'tor', action: 'block', channel: 'firewall-block' },
      ...{ accepted: 2, duplicates: 1, unsupported: 0, invalid: 0, by_type: { ip: 1, domain: 1 } },
    },
  );
  const errors = problems.filter(({ severity }: { severity: string }) => severity === 'error');
  for (const { observable, ...problem } of errors) {
    // Where it is about one, as of what a guard refuses.
    if (observable !== undefined) assert.deepEqual(Object.keys(observable), ['type', 'value']);
    assert.deepEqual(Object.keys(problem).sort(), ['code', 'column', 'file', 'line', 'message', 'severity']);
  }
  assert.deepEqual(
    errors.map(({ file, line, column }: { file: string; line: number; column: number }) => [file, line, column]),
    [
      ['feeds/bad.yaml', 4, 5],
      ['feeds/bad.yaml', 5, 5],
    ],
  );
  assert.match(errors[1].code, /^guard/);
});

test('T31 check counts the lists against who pulls the feeds, without a tenant: headroom, and an error where one is too long', async (t) => {
  const lines = (from: number, count: number) =>
    Array.from(
      { length: count },
      (_, n) => `45.${66 + Math.floor((from + n) / 65_536)}.${((from + n) >> 8) & 255}.${(from + n) & 255}`,
    );
  const folder = (more: number) =>
    folderWith(t, {
      'feeds/settings.yaml': 'channels: { firewall-block: { consumers: [panos, cisco-fmc, sonicwall-50000] } }\n',
      'feeds/a.yaml': 'action: block\nentries_from: a.txt\n',
      'feeds/b.yaml': 'action: block\nentries_from: b.txt\nobservables: [todaysfutbol.com]\n',
      'feeds/a.txt': lines(0, 20_000).join('\n'),
      'feeds/b.txt': lines(19_000, 30_000 + more).join('\n'),
    });
  const near = checkEnded(await runHere(folder(1000), ['check']), 0);
  assert.match(near.stdout, /firewall-block\/ip +panos +50000 +50000 +– +– +100 %\n/);
  assert.match(near.stdout, /firewall-block\/domain +panos +1 +50000 /);
  assert.match(near.stdout, /firewall-block\/ip +cisco-fmc +50000 +– +650300 +500000000 +0\.1 %\n/);
  assert.match(
    near.stdout,
    /^feeds\/b\.yaml:1:1 notice headroom panos takes 50000 entries of firewall-block\/ip, which holds 50000 \(100 %\); over that: it skips/m,
  );
  const over = checkEnded(await runHere(folder(1001), ['check']), 1);
  assert.match(
    over.stdout,
    /^feeds\/b\.yaml:1:1 error over-consumer panos takes 50000 entries of firewall-block\/ip, which holds 50001 \(100 %\): it skips .*\. Shorten the lists/m,
  );
  assert.match(over.stdout, /^feeds\/b\.yaml:1:1 error over-consumer sonicwall-50000 /m);
  assert.match(over.stdout, /\n2 errors, /);
});

test('a folder without lists is a problem, and check needs no key', async (t) => {
  for (const [files, says] of [
    [{}, /no readable folder .*feeds.*create it/],
    [{ 'feeds/README.md': 'lists go here\n' }, /no list \(\*\.yaml\) in .*feeds/],
  ] as const) {
    const { stdout } = checkEnded(await runHere(folderWith(t, files), ['check']), 1);
    assert.match(stdout, says);
  }
  const elsewhere = folderWith(t, { 'lists/tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' });
  checkEnded(await runHere(elsewhere, ['check', '--feeds', 'lists']), 0);
  checkEnded(await runHere(elsewhere, ['--feeds', 'lists', 'check']), 0);
});
