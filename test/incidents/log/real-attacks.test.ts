import assert from 'node:assert/strict';
import { createReadStream, existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { proposeBlocks } from '../../../src/incidents/log/block-proposals.ts';
import type { LogFindings } from '../../../src/incidents/log/findings.ts';
import { logPieces } from '../../../src/incidents/log/log-lines.ts';
import { makeAttackReading } from '../../../src/incidents/log/read-attacks.ts';
import { readRules, SHIPPED_RULES } from '../../../src/incidents/log/read-rules.ts';
import { makeGuards } from '../../../src/lists/guards/guards.ts';
import { defaultSettings } from '../../../src/lists/settings.ts';
import { DAY } from '../../../src/runtime/clock.ts';

const REAL = path.resolve('..', 'shared', 'data', 'apache');
const skip = !existsSync(REAL) && 'the data folder is not here';
const { rules } = await readRules([SHIPPED_RULES]);

async function findingsIn(file: string): Promise<LogFindings[]> {
  const reading = makeAttackReading({ rules, source: file, windowMs: DAY });
  for await (const lines of logPieces(createReadStream(path.join(REAL, file)))) {
    for (const line of lines) reading.read(line);
  }
  return reading.findings();
}

/** Rule → requests, over all attackers and campaigns. */
function byRule(campaigns: readonly LogFindings[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { findings } of campaigns)
    for (const { rule, count } of findings) counts[rule.name] = (counts[rule.name] ?? 0) + count;
  return counts;
}

const SAMPLES: Readonly<Record<string, Record<string, number>>> = {
  'crowdsec-apache-cve-2021-41773.log': { 'path-traversal': 3, 'command-injection': 2 },
  'crowdsec-apache-http-probing.log': { 'missing-page-scan': 75, 'remote-file-inclusion': 77, 'command-injection': 7 },
  'crowdsec-apache2-logs.log': { 'scanner-agent': 1 },
  'crowdsec-apache_log4j2_cve-2021-44228.log': { log4shell: 3 },
  'crowdsec-http-wordpress-scan.log': { 'wordpress-scan': 8 },
  'crowdsec-nginx-http-sqli-probing.log': { 'sql-probing': 16 },
  'crowdsec-nginx-http-xss-probing.log': { 'xss-probing': 26, 'cross-site-scripting': 1 },
};

for (const [file, expected] of Object.entries(SAMPLES)) {
  test(`${file} yields the attack that it is named after`, { skip }, async () => {
    assert.deepEqual(byRule(await findingsIn(file)), expected);
  });
}

test('w3af.txt yields an incident and no block, since its attackers are in private networks', { skip }, async () => {
  const campaigns = await findingsIn('w3af.txt');
  assert.equal(byRule(campaigns)['scanner-agent'], 3926);
  const proposals = proposeBlocks(campaigns, {
    // As if it were written today.
    now: campaigns.at(-1)?.campaign.start ?? 0,
    guards: makeGuards(defaultSettings()),
    brokenLists: undefined,
    allowedBy: () => undefined,
    crawlerOf: () => undefined,
    earlier: () => 0,
  });
  assert.deepEqual(
    proposals.map((it) => [it.attacker.value, 'because' in it && it.because.code]),
    [
      ['192.168.1.20', 'guard'],
      ['192.168.4.163', 'guard'],
    ],
  );
});
