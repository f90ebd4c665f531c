import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeJudgement, makeLink } from '../reconcile/foreign.ts';
import { checkEnded, folderWith, writeFiles } from './ctim-feeds-process.ts';
import { checkNoSecret, remoteCtia, SETTINGS, TOR } from './remote-ctia.ts';

const { command, ownProcess, call } = await remoteCtia();

const ENDLESS = { start_time: '2025-03-01T08:00:00.000Z', end_time: '2525-01-01T00:00:00.000Z' };
const WORKFLOW = { source: 'securex-orchestration', disposition: 5, disposition_name: 'Unknown', valid_time: ENDLESS };

test('listing, list, commit, apply: what others made is ours, and the feed held it all the time', async (t) => {
  const allow = 'action: allow\nobservables:\n  - 11.0.2.0/24\n';
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS, 'feeds/ours.yaml': allow });
  const nothing = checkEnded(await command(folder, 'adopt --yaml'), 0);
  assert.match(nothing.stderr, /nothing that others made is in these feeds/);
  checkEnded(await command(folder, 'apply --yes'), 0);
  const { json } = await call('GET', '/ctia/indicator/search?limit=100');
  const target = (json as unknown as { title: string; id: string }[]).find(
    ({ title }) => title === 'Secure_Firewall_SecureX_Indicator_IPv4',
  )?.id;
  assert.ok(target);
  const linked = async (value: string, more: object) => {
    const judgement = await makeJudgement(call, value, more);
    await makeLink(call, judgement.id, target);
    return judgement.id.slice(judgement.id.lastIndexOf('/') + 1);
  };
  const reason = `added "by hand"\n- 8.8.8.8 # ${'x'.repeat(100)}`;
  const workflow = await linked('11.0.1.1', { ...WORKFLOW, reason });
  const script = await linked('11.0.1.2', {
    source: 'XDR Demo',
    reason: '\u001b[31mred',
    external_ids: ['xdr-automation-judgment-1'],
  });
  const again = await linked('11.0.1.2', { source: 'XDR Demo', external_ids: ['xdr-automation-judgment-2'] });
  const resolver = await linked('8.8.8.8', WORKFLOW);
  const broken = await linked('11.0.1.999', WORKFLOW);
  const listed = await linked('11.0.0.1', WORKFLOW);
  const others = await linked('11.0.1.3', { external_ids: ['other-owned'] });
  const allowed = await linked('11.0.2.7', { source: 'XDR Demo' });

  const shown = checkEnded(await ownProcess(t, folder, 'adopt'), 0);
  checkNoSecret(shown);
  assert.match(
    shown.stdout,
    new RegExp(`11\\.0\\.1\\.1 +firewall-block/ip +securex-orchestration +Unknown +2525-01-01 +${workflow}`),
  );
  assert.match(shown.stdout, /11\.0\.1\.2 .*1 of 2\n11\.0\.1\.2 .*1 of 2/);
  assert.match(
    shown.stdout,
    /8 that others made are in our feeds, by source:\n +4 {2}securex-orchestration\n +3 {2}XDR Demo/,
  );
  const facts = JSON.parse(checkEnded(await command(folder, 'adopt --json --source securex-orchestration'), 0).stdout);
  assert.deepEqual(facts.sources, [{ source: 'securex-orchestration', count: 4 }]);

  const file = join(folder, 'feeds', 'adopted.yaml');
  const written = checkEnded(await command(folder, 'adopt --write feeds/adopted.yaml'), 0);
  assert.match(written.stdout, /feeds\/adopted\.yaml: 2 entries, 5 left out/);
  const text = readFileSync(file, 'utf8');
  assert.match(
    text,
    new RegExp(
      `^ {2}- \\{ value: "11.0.1.1", reason: "added \\\\"by hand\\\\" - 8.8.8.8 # x+", source: "securex-orchestration", adopt: ${workflow} \\}$`,
      'm',
    ),
  );
  assert.ok(!text.includes('\u001b'), 'nothing for a terminal');
  assert.match(text, new RegExp(`adopt: \\[(${script}, ${again}|${again}, ${script})\\]`));
  for (const [value, why, id] of [
    ['8.8.8.8', /.*resolver.*/, resolver],
    ['11.0.1.999', /.*/, broken],
    ['11.0.0.1', /it stands in feeds\/tor\.yaml:3: write "adopt:" there/, listed],
    ['11.0.2.7', /it is allowed by "11\.0\.2\.0\/24" in feeds\/ours\.yaml:3/, allowed],
    ['11.0.1.3', /it bears the mark other-owned.*/, others],
  ] as const)
    assert.match(text, new RegExp(`^# ${value}: ${why.source} \\(${id}\\)$`, 'm'));
  const kept = checkEnded(await command(folder, 'adopt --write feeds/adopted.yaml'), 2);
  assert.match(kept.stderr, /feeds\/adopted\.yaml is there already and was not touched/);
  assert.equal(readFileSync(file, 'utf8'), text);

  writeFiles(folder, { 'feeds/tor.yaml': TOR.replace('- 11.0.0.1\n', `- { value: 11.0.0.1, adopt: ${listed} }\n`) });
  const planned = checkEnded(await command(folder, 'plan'), 0);
  assert.match(planned.stdout, /firewall-block\/ip +4 entries {2}\+0 -0/);
  assert.match(planned.stdout, /^3 adopt:$/m);
  const applied = checkEnded(await command(folder, 'apply'), 0);
  assert.match(applied.stdout, /^3 changes: 3 adopt;/);
  assert.match(applied.stdout, /^firewall-block\/ip: 4 kept there by others: /m);
  assert.match(applied.stdout, /^verified/m);
  assert.match(checkEnded(await command(folder, 'plan'), 0).stdout, /^0 changes, 5 unchanged$/m);
  const { json: now } = await call('GET', `/ctia/judgement/${workflow}`);
  assert.ok(Date.parse((now.valid_time as { end_time: string }).end_time) < Date.now() + 9 * 86_400_000);
});

test('a channel that there is not is status 2, and names those that are', async (t) => {
  const folder = folderWith(t, { 'feeds/tor.yaml': TOR, 'feeds/settings.yaml': SETTINGS });
  const unknown = checkEnded(await command(folder, 'adopt --channel mail'), 2);
  assert.match(unknown.stderr, /there is no channel mail \(known: firewall-block, firewall-allow\)/);
});
