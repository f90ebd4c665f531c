import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan, type Plan } from '../../src/plan/plan.ts';
import { HOUR, NOW, situation } from './situation.ts';

function plan(desired: string, actual: string, more: Partial<Parameters<typeof makePlan>[0]> = {}): Plan {
  const base = { owner: 'acme', tenant: 'https://ctia.test (org)', revision: '4f2a9c1', makings: [] };
  return makePlan({ ...base, ...situation(desired, actual), ...more }, () => []);
}

const DESIRED = 'tor 198.51.100.7\ntor 198.51.100.8 reason=scanner';
const ACTUAL = 'tor 198.51.100.8 g0 +6d link0 id=words\nmanual 198.51.100.9 g0 +6d link0 id=leaves';
const digest = plan(DESIRED, ACTUAL).digest;

test('the digest is the same an hour later, at another commit, in another order, and with renewals due', () => {
  assert.match(digest, /^[0-9a-f]{16}$/);
  assert.equal(plan(DESIRED, ACTUAL, { now: NOW + HOUR }).digest, digest);
  assert.equal(plan(DESIRED, ACTUAL, { revision: 'another' }).digest, digest);
  const turned = (text: string) => text.split('\n').reverse().join('\n');
  assert.equal(plan(turned(DESIRED), turned(ACTUAL)).digest, digest);
  const due = plan(`${DESIRED}\ntor 198.51.100.1`, `${ACTUAL}\ntor 198.51.100.1 g0 +1d link0`);
  assert.equal(due.counts.renew, 1);
  assert.equal(due.digest, digest);
});

test('the digest is the same where what is to go was renewed by succession meanwhile', () => {
  const two = `${ACTUAL.replace('+6d link0 id=leaves', '+3d link0 id=leaves')}\nmanual 198.51.100.9 g1 +7d link1`;
  const renewed = plan(DESIRED, two);
  assert.equal(renewed.counts.withdraw, 2);
  assert.equal(renewed.digest, digest);
});

test('the digest is the same where what stands on a wrong link was renewed by succession meanwhile, that link with it', () => {
  const desired = `${DESIRED}\ntor 198.51.100.1`;
  const before = situation(desired, `${ACTUAL}\ntor 198.51.100.1 g0 +1d wrong0`);
  const after = situation(desired, `${ACTUAL}\ntor 198.51.100.1 g0 +1d wrong0\ntor 198.51.100.1 g1 +7d wrong1`);
  const [planned, renewed] = [before, after].map((it) => plan('', '', { ...it, succession: true }));
  assert.deepEqual([planned?.counts.create, planned?.counts.unlink, renewed?.counts.unlink], [2, 1, 2]);
  assert.equal(renewed?.counts.link, 1);
  assert.equal(planned?.digest, renewed?.digest);
  assert.notEqual(planned?.digest, digest);
});

test('the digest is the same where one of two of an entry is to go, and a renewal by succession made another one of it', () => {
  const desired = `${DESIRED}\ntor 198.51.100.1`;
  const two = 'tor 198.51.100.1 g0 +1d link0 id=one\ntor 198.51.100.1 g0 +1d link0 id=other';
  const before = situation(desired, `${ACTUAL}\n${two}`);
  const after = situation(desired, `${ACTUAL}\n${two}\ntor 198.51.100.1 g1 +7d link1`);
  const [planned, renewed] = [before, after].map((it) => plan('', '', { ...it, succession: true }));
  assert.deepEqual([planned?.counts.withdraw, renewed?.counts.withdraw], [2, 1]);
  assert.equal(planned?.digest, digest);
  assert.equal(renewed?.digest, digest);
});

test('the digest is another with each thing that a person approves', () => {
  const others = [
    plan('tor 198.51.100.7\ntor 198.51.100.8 reason=other', ACTUAL),
    plan('tor 198.51.100.8 reason=scanner', ACTUAL),
    plan(`${DESIRED}\ntor 198.51.100.10`, ACTUAL),
    plan(DESIRED.replace('198.51.100.7', '198.51.100.77'), ACTUAL),
    plan(DESIRED.replace('198.51.100.7', '198.51.100.7 14d'), ACTUAL),
    plan(DESIRED.replace('tor 198.51.100.7', 'spam 198.51.100.7'), ACTUAL),
    plan(DESIRED.replace('tor 198.51.100.7', 'mail:tor 198.51.100.7'), ACTUAL),
    plan(DESIRED, ACTUAL.replace('198.51.100.9', '198.51.100.99')),
    plan(DESIRED, ACTUAL.replace('manual', 'spam')),
    plan(DESIRED, ACTUAL, { owner: 'other' }),
    plan(DESIRED, ACTUAL, { tenant: 'https://elsewhere.test (org)' }),
    plan(DESIRED, ACTUAL, { makings: [{ feed: { channel: 'firewall-block', type: 'ip' }, what: 'feed' }] }),
  ].map((other) => other.digest);
  assert.equal(new Set([digest, ...others]).size, others.length + 1);
});

test('a plan counts observables that enter and leave a feed, not judgements', () => {
  const moved = plan(
    'manual 198.51.100.7\nmanual 198.51.100.8',
    'tor 198.51.100.7 g0 +6d link0\ntor 198.51.100.9 g0 +6d link0',
  );
  assert.deepEqual(moved.feeds, [
    { feed: { channel: 'firewall-block', type: 'ip' }, entries: 2, enters: 1, restores: 0, leaves: 1 },
    { feed: { channel: 'mail', type: 'ip' }, entries: 0, enters: 0, restores: 0, leaves: 0 },
  ]);
  assert.equal(moved.unchanged, 0);
});

test('what people added by hand is in its feed and counts as an entry', () => {
  const { feeds } = plan('tor 198.51.100.7', 'adhoc-block 198.51.100.9 g0 once=+1h link0');
  assert.deepEqual(feeds[0], {
    feed: { channel: 'firewall-block', type: 'ip' },
    entries: 2,
    enters: 1,
    restores: 0,
    leaves: 0,
  });
});
