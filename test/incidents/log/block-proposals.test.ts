import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KnownOfAttackers, proposeBlocks } from '../../../src/incidents/log/block-proposals.ts';
import { crawlerByName, crawlersByRange, type Dns, rangesIn } from '../../../src/incidents/log/crawlers.ts';
import type { LogFinding, LogFindings } from '../../../src/incidents/log/findings.ts';
import { attackerOf } from '../../../src/incidents/log/read-attacks.ts';
import { makeGuards } from '../../../src/lists/guards/guards.ts';
import { defaultSettings } from '../../../src/lists/settings.ts';
import { DAY } from '../../../src/runtime/clock.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
/** No documentation range: guards refuse those. */
const ATTACKER = '11.22.33.44';

function finding(
  client: string,
  { severity = 'High', lastSeen = NOW }: { severity?: 'High' | 'Low'; lastSeen?: number } = {},
): LogFinding {
  return {
    attacker: attackerOf(client),
    rule: {
      name: `rule-${severity.toLowerCase()}`,
      title: '',
      description: '',
      severity,
      confidence: 'High',
      techniques: ['T1190'],
    },
    ...{ count: 2, firstSeen: lastSeen, lastSeen, samples: [], target: { paths: [] } },
  };
}

function campaign(findings: readonly LogFinding[], start = NOW): LogFindings {
  return { source: 'access.log', campaign: { start, end: start + DAY }, findings, beyond: { requests: 0 } };
}

const KNOWN: KnownOfAttackers = {
  now: NOW,
  guards: makeGuards(defaultSettings()),
  brokenLists: undefined,
  allowedBy: () => undefined,
  crawlerOf: () => undefined,
  earlier: () => 0,
};

function decision(client: string, known: Partial<KnownOfAttackers> = {}, more: Parameters<typeof finding>[1] = {}) {
  const [proposal] = proposeBlocks([campaign([finding(client, more)])], { ...KNOWN, ...known });
  assert.ok(proposal !== undefined);
  return 'until' in proposal
    ? new Date(proposal.until).toISOString()
    : `${proposal.because.code}: ${proposal.because.message}`;
}

test('an attacker is to be blocked until a day after its last attack', () => {
  assert.equal(decision(ATTACKER), '2026-11-26T12:00:00.000Z');
  assert.equal(decision('2a00:1234::1', {}, { lastSeen: NOW - DAY / 2 }), '2026-11-26T00:00:00.000Z');
});

test('the lifetime grows with each repetition, within this log and before it', () => {
  const lifetime = (earlier: number, campaigns: number) => {
    const all = Array.from({ length: campaigns }, (_, n) => campaign([finding(ATTACKER)], NOW - (campaigns - n) * DAY));
    const [proposal] = proposeBlocks(all, { ...KNOWN, earlier: () => earlier });
    assert.ok(proposal !== undefined && 'until' in proposal);
    assert.equal(proposal.until, NOW + proposal.lifetimeMs);
    return [proposal.repetition, proposal.lifetimeMs / DAY];
  };
  assert.deepEqual(lifetime(0, 1), [0, 1]);
  assert.deepEqual(lifetime(0, 2), [1, 3]);
  assert.deepEqual(lifetime(2, 2), [3, 30]);
  assert.deepEqual(lifetime(50, 1), [50, 90]);
});

test('what forbids a block is told', () => {
  assert.match(decision('192.168.4.163'), /^guard: guard-private: .*192\.168\.0\.0\/16/);
  assert.match(decision('fd00::7'), /^guard: guard-private/);
  assert.match(decision('127.0.0.1'), /^guard: /);
  assert.match(decision('8.8.8.8'), /^guard: guard-resolver/);
  assert.match(decision('104.16.1.1'), /^guard: guard-content-network/);
  assert.match(decision('scan.example.net'), /^no-address: .*HostnameLookups/);
  assert.equal(decision(ATTACKER, { allowedBy: () => 'feeds/a.yaml:9' }), 'allowed: it is allowed at feeds/a.yaml:9');
  assert.match(decision(ATTACKER, { brokenLists: 'feeds/a.yaml:1:1 error' }), /^lists-broken: .*feeds\/a\.yaml:1:1/);
  assert.match(decision(ATTACKER, { crawlerOf: () => 'Google' }), /^crawler: it is a crawler of Google/);
  assert.match(decision(ATTACKER, {}, { severity: 'Low' }), /^low-severity: /);
  assert.equal(
    decision(ATTACKER, {}, { lastSeen: NOW - DAY }),
    'over: a block of 1 d after its last attack would have ended at 2026-11-25T12:00:00.000Z',
  );
});

test('one proposal for one attacker, by the gravest of what was found; low findings are no repetition', () => {
  const proposals = proposeBlocks(
    [
      campaign([finding(ATTACKER, { severity: 'Low' })], NOW - DAY),
      campaign([finding(ATTACKER, { severity: 'Low' }), finding(ATTACKER), finding('11.22.33.45')]),
    ],
    KNOWN,
  );
  assert.deepEqual(
    proposals.map((it) => [it.attacker.value, it.rules, it.severity, it.requests, 'until' in it && it.repetition]),
    [
      [ATTACKER, ['rule-high', 'rule-low'], 'High', 6, 0],
      ['11.22.33.45', ['rule-high'], 'High', 2, 0],
    ],
  );
});

test('a crawler is proved by published ranges, in the forms that operators publish', () => {
  const json = '{"creationTime": "x", "prefixes": [{"ipv4Prefix": "11.22.0.0/16"}, {"ipv6Prefix": "2a00:1234::/32"}]}';
  const crawlerOf = crawlersByRange([
    { operator: 'Googlebot', text: json },
    { operator: 'other', text: '# theirs\n11.23.0.0/16 # all\n\n' },
  ]);
  assert.equal(crawlerOf(attackerOf('11.22.33.44')), 'Googlebot');
  assert.equal(crawlerOf(attackerOf('2a00:1234::9')), 'Googlebot');
  assert.equal(crawlerOf(attackerOf('11.23.1.1')), 'other');
  assert.equal(crawlerOf(attackerOf('11.24.1.1')), undefined);
  assert.equal(crawlerOf(attackerOf('crawl.googlebot.com')), undefined);
  assert.deepEqual(rangesIn('{}'), []);
});

test('a crawler is proved by its name only if the name leads back', async () => {
  const names: Record<string, string[]> = {
    '11.22.33.44': ['crawl-11-22-33-44.googlebot.com.'],
    '11.22.33.45': ['crawl-11-22-33-45.googlebot.com'],
    '11.22.33.46': ['googlebot.com.evil.example'],
  };
  const dns: Dns = {
    namesOf: async (address) => names[address] ?? Promise.reject(new Error('ENOTFOUND')),
    addressesOf: async (name) => (name === 'crawl-11-22-33-44.googlebot.com' ? ['11.22.33.44'] : ['11.9.9.9']),
  };
  assert.equal(await crawlerByName(attackerOf('11.22.33.44'), dns), 'Google');
  for (const other of ['11.22.33.45', '11.22.33.46', '11.22.33.47', 'crawl.googlebot.com'])
    assert.equal(await crawlerByName(attackerOf(other), dns), undefined, other);
});
