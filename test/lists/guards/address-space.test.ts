import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, readingOf } from '../reading-of.ts';

const WIDE = 'guards: { prefix_min: { ip: 1 } }\n';

async function spaceProblem(lists: readonly string[][], settings = ''): Promise<string | undefined> {
  const files = lists.map((values, n) => [
    `list-${n}.yaml`,
    `action: block\nobservables:\n${values.map((value) => `  - ${value}\n`).join('')}`,
  ]);
  const problems = await problemsOf({ 'settings.yaml': `# ours\n${settings}`, ...Object.fromEntries(files) });
  return problems.find((line) => line.includes('guard-address-space'));
}

test('T4 two halves of the Internet are refused though no single one is, each in a list of its own', async () => {
  // 128.0.0.0/1 has private and documentation ranges in it, so other halves stand for them.
  const problem = await spaceProblem(
    [['32.0.0.0/6'], ['48.0.0.0/6'], ['4.0.0.0/8']],
    'guards: { prefix_min: { ip: 6 } }\n',
  );
  assert.match(problem ?? '', /error guard-address-space the block lists together block 134,217,728 addresses/);
  assert.match(problem ?? '', /more than the 67,108,864 that the settings allow \(3\.1 % of IPv4\)/);
  assert.match(problem ?? '', /"32\.0\.0\.0\/6" \(feeds\/list-0\.yaml:3\), "48\.0\.0\.0\/6" \(feeds\/list-1\.yaml:3\)/);
});

test('T4 0.0.0.0/1 and 128.0.0.0/1: each is refused by itself, whatever prefix the settings allow', async () => {
  const list = 'action: block\nobservables: [0.0.0.0/1, 128.0.0.0/1]\n';
  for (const settings of ['# none', WIDE]) {
    const problems = await problemsOf({ 'settings.yaml': settings, 'list.yaml': list });
    assert.equal(problems.filter((line) => line.includes(' error guard-')).length, 2);
  }
});

test('T4 256 networks of /8, of which no guard has a word on many, are over the budget', async () => {
  const all = Array.from({ length: 256 }, (_, n) => `${n}.0.0.0/8`);
  const reading = await readingOf({ 'list.yaml': `action: block\nobservables: [${all.join(', ')}]\n` });
  const [space] = reading.problems.filter(({ code }) => code === 'guard-address-space');
  assert.equal(space?.severity, 'error');
  assert.match(space?.message ?? '', /and \d+ more ranges: remove what is not meant/);
});

test('what stands twice, or inside another range, counts once', async () => {
  const four = ['11.0.0.0/8', '26.0.0.0/8', '33.0.0.0/8', '55.0.0.0/8'];
  assert.equal(await spaceProblem([four, four, ['26.1.0.0/16', '26.7.7.7']]), undefined);
  assert.match((await spaceProblem([four, ['44.0.0.0/24']])) ?? '', /67,109,120 addresses/);
});

test('IPv6 counts in networks of /48, and settings set the budget', async () => {
  const settings = 'guards: { address_space: { ip: 300, ipv6: 65536 } }\n';
  assert.equal(await spaceProblem([['2a0e:b100::/32', '45.66.32.0/24', '45.66.35.11']], settings), undefined);
  const six = await spaceProblem([['2a0e:b100::/32', '2a0e:b200::/48']], settings);
  assert.match(
    six ?? '',
    /65,537 networks of \/48, more than the 65,536 .* raise guards: \{ address_space: \{ ipv6: 65536 \} \}/,
  );
  assert.match((await spaceProblem([['45.66.32.0/23']], settings)) ?? '', /512 addresses, more than the 300/);
});

test('what a person answered for is not counted, and what is allowed or carved out is not blocked', async () => {
  const settings = 'guards: { address_space: { ip: 256 } }';
  const forced = 'action: block\nobservables: [{ value: 11.0.0.0/8, force: "an old network of ours, dead" }]\n';
  assert.deepEqual(await problemsOf({ 'settings.yaml': settings, 'list.yaml': forced }), []);
  const shadowed = await readingOf({
    'settings.yaml': settings,
    'list.yaml': 'action: block\nobservables: [45.66.0.0/16]\n',
    'allow.yaml': 'action: allow\nobservables: [45.66.0.0/15]\n',
  });
  assert.deepEqual(
    shadowed.problems.map(({ code }) => code),
    ['shadowed'],
  );
});
