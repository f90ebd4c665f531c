import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnded, folderWith, run } from './ctim-feeds-process.ts';

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
  const { stdout } = checkEnded(await run(t, folderWith(t, BAD), ['check', '--json']), 1);
  const { lists, problems, ...rest } = JSON.parse(stdout);
  assert.deepEqual(rest, {});
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

test('a folder without lists is a problem, and check needs no key', async (t) => {
  for (const [files, says] of [
    [{}, /no readable folder .*feeds.*create it/],
    [{ 'feeds/README.md': 'lists go here\n' }, /no list \(\*\.yaml\) in .*feeds/],
  ] as const) {
    const { stdout } = checkEnded(await run(t, folderWith(t, files), ['check']), 1);
    assert.match(stdout, says);
  }
  const elsewhere = folderWith(t, { 'lists/tor.yaml': 'action: block\nobservables: [11.0.0.1]\n' });
  checkEnded(await run(t, elsewhere, ['check', '--feeds', 'lists']), 0);
  checkEnded(await run(t, elsewhere, ['--feeds', 'lists', 'check']), 0);
});
