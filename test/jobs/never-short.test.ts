import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepSchedules } from '../../src/jobs/schedules.ts';
import { SECOND, systemClock } from '../../src/runtime/clock.ts';
import { call, tokenFor } from '../embedded-ctia/fixture.ts';
import { addresses, CLIENT, inFeedOrder, OWNER, until, workbench } from './workbench.ts';

/**
 * The one test that takes real time: lifetimes of 20 s and a renewal every 4 s by the real scheduler, for a minute, with
 * lists that do not parse all the while. Nothing renews but the renewals' own schedule.
 */
const ENTRIES = 50;
const LIFETIME_MS = 20 * SECOND;
const FOR_MS = 60 * SECOND;
const LOOK_EVERY_MS = 200;

test('T18 lifetime 20 s, period 4 s, broken lists: the feed is never short, read five times a second for a minute', async (t) => {
  const bench = await workbench(t, { files: { 'tor.yaml': 'action: block\nentries_from: [tor.txt]\n' } });
  bench.write('tor.txt', addresses(ENTRIES));
  bench.startWorkers();
  assert.equal((await bench.run('sync')).result?.result, 'verified');

  // No list may say 20 s. What stands on a judgement may, and is what a renewal goes by.
  const own = async () => (await bench.get(`/ctia/judgement/external_id/${OWNER}-owned?limit=1000`)).json;
  const ends = async () => (await own()).map((it: Judgement) => Date.parse(it.valid_time.end_time));
  const token = await tokenFor(bench.server.url, CLIENT.id, CLIENT.password);
  const judgements = (await own()).map((it: Judgement, n: number) => shortened(it, n));
  const put = await call({ url: bench.server.url, token }, 'PUT', '/ctia/bulk?wait_for=true', { judgements });
  assert.equal(put.status, 200);
  // Written past the workers, so that their ledger does not know.
  await bench.work.redis.del(bench.work.keys.ledger);

  bench.write('tor.yaml', 'action: bl\n ock: [');
  bench.write('settings.yaml', `owner: ${OWNER}\nrenew: { every: 4s }\n`);
  const schedules = await keepSchedules(bench.work);
  t.after(() => schedules.stop());
  bench.write('settings.yaml', 'owner: [');
  assert.equal((await bench.run('sync')).result?.result, 'problems');

  const { json } = await bench.get(`/ctia/feed/external_id/${OWNER}-feed-firewall-block-ip-0`);
  const wanted = inFeedOrder(addresses(ENTRIES));
  const began = systemClock.now();
  const puts = () => bench.server.requests.byRoute.get('PUT /ctia/bulk') ?? 0;
  let looks = 0;
  while (systemClock.now() < began + FOR_MS) {
    const text = await (await fetch(json[0].feed_view_url)).text();
    assert.equal(text, wanted, `short after ${systemClock.now() - began} ms and ${puts()} requests to renew`);
    looks += 1;
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  assert.ok(looks > FOR_MS / LOOK_EVERY_MS / 4, `${looks} looks`);
  assert.ok(puts() >= 1 + FOR_MS / LIFETIME_MS, `${puts()} requests renewed it`);
  const now = systemClock.now();
  for (const end of await ends()) assert.ok(end > now && end <= now + LIFETIME_MS * 1.05);

  // The proof of the proof: without the schedule the feed does run empty.
  await schedules.stop();
  await bench.work.renewals.removeJobScheduler('schedule-renew');
  await until('it is empty', async () => (await (await fetch(json[0].feed_view_url)).text()) === '', 30 * SECOND);
});

interface Judgement {
  readonly valid_time: { readonly start_time: string; readonly end_time: string };
  readonly external_references: readonly object[];
}

/** All of them made in one moment, with ends spread as ours spread them. */
function shortened(judgement: Judgement, n: number) {
  const end = systemClock.now() + LIFETIME_MS * (1 + (0.05 * n) / ENTRIES);
  return {
    ...judgement,
    valid_time: { ...judgement.valid_time, end_time: new Date(end).toISOString() },
    external_references: judgement.external_references.map((it) => ({ ...it, description: 'lifetime 20s' })),
  };
}
