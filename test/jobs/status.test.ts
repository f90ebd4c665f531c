import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnded, run } from '../cli/ctim-feeds-process.ts';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { SETTINGS, synced, TOR } from './synced-workbench.ts';
import { CLIENT, OWNER, until } from './workbench.ts';

test('status tells runway, what is held and since when, last verified, drift and the budget left, in text and JSON', async (t) => {
  const bench = await synced(t);
  const { server } = bench;
  const status = async (args: string[]) => {
    const env = {
      ...{ FEEDS_DIR: bench.feedsDir, DATA_DIR: bench.folder, CTIA_URL: server.url, CTIA_TOKEN_URL: server.url },
      ...{ CTIA_CLIENT_ID: CLIENT.id, CTIA_CLIENT_PASSWORD: CLIENT.password },
    };
    return checkEnded(await run(t, bench.folder, ['status', ...args], env), 0).stdout;
  };
  const token = await tokenFor(server.url, CLIENT.id, CLIENT.password);
  const links = await bench.get(`/ctia/relationship/external_id/${OWNER}-owned`);
  for (const { id } of links.json.slice(0, 2))
    await call({ url: server.url, token }, 'DELETE', `${new URL(id).pathname}?wait_for=true`);
  const audit = await bench.run('audit');
  const [, id] = /^sync (\S+) was asked for/.exec(audit.result.notices.at(-1)) ?? [];
  const repair = await until('the repair ended', async () => (await bench.work.requests.getJob(id ?? ''))?.returnvalue);
  assert.equal(repair.result, 'verified');

  bench.write('settings.yaml', `${SETTINGS}limits: { additions: 1 }\n`);
  bench.write('tor.txt', [...TOR, '203.0.113.1', '203.0.113.2'].join('\n'));
  const first = await bench.run('sync');
  assert.equal(first.result?.result, 'held', first.failed);
  assert.equal((await bench.run('sync')).result.result, 'held');

  const facts = JSON.parse(await status(['--json']));
  assert.equal(facts.runway['firewall-block'].live, TOR.length);
  assert.ok(Date.parse(facts.runway['firewall-block'].lapses.at) > Date.now() + 6 * 24 * 3_600_000);
  assert.ok(TOR.includes(facts.runway['firewall-block'].lapses.value));
  assert.match(facts.held[0].message, /additions 2 \(limit 1\)/);
  assert.equal(facts.held_since, first.result.endedAt, 'since the first of the two');
  assert.equal(facts.verified_at, repair.endedAt);
  assert.equal(facts.verified['firewall-block'], repair.feeds.map(({ at }: { at: string }) => at).sort()[0]);
  assert.deepEqual(facts.drift, { at: audit.result.endedAt, found: audit.result.drift, repaired_at: repair.endedAt });
  assert.deepEqual([facts.drift.found[0].kind, facts.drift.found[0].count], ['unlinked', 2]);
  assert.ok(facts.requests_left > 6000 && facts.requests_left < 7000, String(facts.requests_left));

  const text = await status([]);
  for (const line of [
    /^runway +firewall-block: 3 live; without workers the first lapses 20\d\d-\S+, in \d+ [hd] \(/m,
    /^last run +held at \S+, 0 changes; waiting: 2 changes: 2 create$/m,
    new RegExp(`^held +since ${first.result.endedAt} \\(\\d+ [mhd].* ago\\): .*additions 2 \\(limit 1\\)`, 'm'),
    new RegExp(`^verified +${repair.endedAt}`, 'm'),
    /^proved +firewall-block: each of its feeds at 20\d\d-\S+ \(\d+ \w+ ago\) or later$/m,
    /^drift +firewall-block\/ip: 2 × judgements without their link: .*; repaired, verified 20\d\d-/m,
    /^budget +6\d\d\d requests left in this hour/m,
  ])
    assert.match(text, line);
});
