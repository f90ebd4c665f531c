import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFindings } from '../../src/incidents/findings.ts';
import { type AttackReadingOptions, makeAttackReading } from '../../src/incidents/read-attacks.ts';
import { readRules, SHIPPED_RULES } from '../../src/incidents/read-rules.ts';
import { DAY } from '../../src/runtime/clock.ts';
import { ordinaryLines } from '../bench/ordinary-traffic.ts';

const { rules } = await readRules([SHIPPED_RULES]);
const START = Date.parse('2026-11-25T10:00:00Z');

function lineAt(seconds: number, client: string, request: string, { status = 200, agent = '-' } = {}): string {
  const [, day, clock] = /-(\d\d)T(\S{8})/.exec(new Date(START + seconds * 1000).toISOString()) ?? [];
  return `${client} - - [${day}/Nov/2026:${clock} +0000] "${request} HTTP/1.1" ${status} 1 "-" "${agent}"`;
}

function reading(options: Partial<AttackReadingOptions> = {}) {
  return makeAttackReading({ rules, source: 'access.log', windowMs: DAY, ...options });
}

function found(lines: Iterable<string>, options: Partial<AttackReadingOptions> = {}): LogFindings[] {
  const made = reading(options);
  for (const line of lines) made.read(line);
  return made.findings();
}

/** `attacker rule count`, campaign by campaign. */
function rows(campaigns: readonly LogFindings[]): string[] {
  return campaigns.flatMap(({ campaign, findings }) =>
    findings.map(
      ({ attacker, rule, count }) =>
        `${new Date(campaign.start).toISOString().slice(0, 10)} ${attacker.value} ${rule.name} ${count}`,
    ),
  );
}

const TRAVERSAL = 'GET /x?f=../../../../etc/hostname';

test('one finding for each attacker and rule, with when, how often, what and where', () => {
  const [campaign, ...others] = found([
    lineAt(0, '203.0.113.7', TRAVERSAL),
    lineAt(9, '::ffff:203.0.113.7', `${TRAVERSAL}&n=2`),
    lineAt(5, '203.0.113.7', 'GET /fine'),
    `www.acme.example:443 ${lineAt(7, '2001:DB8:0::7', 'GET /y?q=<script>x', { agent: 'sqlmap/1.7' })}`,
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual(campaign?.campaign, { start: Date.parse('2026-11-25'), end: Date.parse('2026-11-26') });
  assert.deepEqual(rows(campaign === undefined ? [] : [campaign]), [
    '2026-11-25 203.0.113.7 path-traversal 2',
    '2026-11-25 2001:db8::7 cross-site-scripting 1',
    '2026-11-25 2001:db8::7 scanner-agent 1',
  ]);
  const [first, second] = campaign?.findings ?? [];
  assert.deepEqual(
    { ...first, rule: undefined },
    {
      ...{ attacker: { type: 'ip', value: '203.0.113.7' }, rule: undefined, count: 2 },
      ...{ firstSeen: START, lastSeen: START + 9000 },
      samples: [
        { time: START, request: `${TRAVERSAL} HTTP/1.1`, status: 200 },
        { time: START + 9000, request: `${TRAVERSAL}&n=2 HTTP/1.1`, status: 200 },
      ],
      target: { paths: ['/x'] },
    },
  );
  assert.deepEqual(second?.target, { host: 'www.acme.example:443', paths: ['/y'] });
  assert.deepEqual(first?.rule.techniques, ['T1190', 'T1083']);
});

test('the same lines in other pieces and another order are the same campaigns, and campaigns are cut by the clock', () => {
  const lines = [
    lineAt(0, '203.0.113.7', TRAVERSAL),
    lineAt(14 * 3600 - 1, '203.0.113.7', TRAVERSAL),
    lineAt(14 * 3600, '203.0.113.7', TRAVERSAL),
    lineAt(3, '198.51.100.9', TRAVERSAL),
  ];
  const whole = found(lines);
  assert.deepEqual(rows(whole), [
    '2026-11-25 203.0.113.7 path-traversal 2',
    '2026-11-25 198.51.100.9 path-traversal 1',
    '2026-11-26 203.0.113.7 path-traversal 1',
  ]);
  assert.deepEqual(rows(found([...lines].reverse())), rows(whole));
  assert.deepEqual(found(lines), whole);
});

test('a counting rule finds nothing below its threshold, everything from it on, and waits for quiet', () => {
  const guesses = (from: number, count: number, every = 1) =>
    Array.from({ length: count }, (_, n) => lineAt(from + n * every, '203.0.113.7', 'POST /login', { status: 401 }));
  assert.deepEqual(rows(found(guesses(0, 14))), []);
  assert.deepEqual(rows(found(guesses(0, 15))), ['2026-11-25 203.0.113.7 login-brute-force 15']);
  // Too slow: no minute has fifteen.
  assert.deepEqual(rows(found(guesses(0, 60, 5))), []);
  // Once it is an attack, it goes on at any pace that leaves no minute empty.
  assert.deepEqual(rows(found([...guesses(0, 15), ...guesses(60, 10, 50)])), [
    '2026-11-25 203.0.113.7 login-brute-force 25',
  ]);
  assert.deepEqual(rows(found([...guesses(0, 15), ...guesses(200, 10)])), [
    '2026-11-25 203.0.113.7 login-brute-force 15',
  ]);
  // Two clients do not add up.
  assert.deepEqual(
    rows(found([...guesses(0, 10), ...guesses(0, 10).map((line) => line.replace('113.7', '113.8'))])),
    [],
  );
});

test('after a restart what was found before goes on', () => {
  const first = found([lineAt(0, '203.0.113.7', TRAVERSAL)]);
  const [campaign] = found([lineAt(60, '203.0.113.7', `${TRAVERSAL}&later`)], { before: first });
  assert.deepEqual(rows(campaign === undefined ? [] : [campaign]), ['2026-11-25 203.0.113.7 path-traversal 2']);
  assert.equal(campaign?.findings[0]?.firstSeen, START);
  assert.deepEqual(found([], { before: first }), first);
});

test('windows that are over are given up', () => {
  const made = reading();
  made.read(lineAt(0, '203.0.113.7', TRAVERSAL));
  made.read(lineAt(14 * 3600, '203.0.113.7', TRAVERSAL));
  made.forgetBefore(Date.parse('2026-11-26'));
  assert.deepEqual(rows(made.findings()), ['2026-11-26 203.0.113.7 path-traversal 1']);
});

test('very many attackers with very long requests stay within bounds, and who is beyond is counted', () => {
  const made = reading();
  const long = `GET /${'a'.repeat(20_000)}?f=../../../../etc/hostname`;
  for (let n = 0; n < 20_500; n++) {
    // One line is as good as another for memory: most are short, so that the test is.
    const request = n % 100 === 0 ? long : TRAVERSAL;
    made.read(lineAt(0, `198.18.${Math.floor(n / 250)}.${n % 250}`, request));
  }
  const [campaign] = made.findings();
  assert.equal(campaign?.findings.length, 20_000);
  assert.deepEqual(campaign?.beyond, { requests: 500 });
  // A later campaign has no room at all: nothing of it is listed, and it is not forgotten.
  made.read(lineAt(14 * 3600, '203.0.113.7', TRAVERSAL));
  assert.equal(made.findings().length, 1);
  assert.equal(made.counts().unlisted, 1);
  // With the first campaign its room comes back.
  made.forgetBefore(Date.parse('2026-11-27'));
  made.read(lineAt(62 * 3600, '203.0.113.7', TRAVERSAL));
  assert.deepEqual(rows(made.findings()), ['2026-11-28 203.0.113.7 path-traversal 1']);
  const longest = Math.max(...(campaign?.findings ?? []).map((finding) => JSON.stringify(finding).length));
  assert.ok(longest < 2500, `${longest} characters`);
});

test('a sample shows control characters instead of sending them to a terminal', () => {
  const [campaign] = found([lineAt(0, '203.0.113.7', 'GET /\\x1b[31m?f=../../../../etc/hostname')]);
  assert.equal(campaign?.findings[0]?.samples[0]?.request.slice(0, 17), 'GET /\\u001b[31m?f');
});

test('ordinary traffic, with all that looks like an attack and is none, yields nothing', () => {
  const made = reading();
  for (const line of ordinaryLines(30_000)) made.read(line);
  assert.deepEqual(rows(made.findings()), []);
  assert.deepEqual(made.counts(), { lines: 30_000, requests: 30_000, unlisted: 0, unread: [] });
});
