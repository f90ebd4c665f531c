import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handsOf } from '../../src/jobs/by-hand.ts';
import type { Journal } from '../../src/jobs/journal.ts';
import { deskFor } from '../../src/jobs/workplace.ts';
import { addByHand, type HandWork } from '../../src/reconcile/by-hand.ts';
import { removeByHand } from '../../src/reconcile/let-through.ts';
import { HOUR } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { readSettingsAlone } from '../../src/sources/feeds-folder.ts';
import { type HistoryFilter, type HistoryRow, historyOf } from '../../src/why/history.ts';
import { HEAD, SETTINGS, synced, TOR } from './synced-workbench.ts';
import type { Workbench } from './workbench.ts';

async function rowsOf(journal: Journal, filter: HistoryFilter = {}): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  const channels = new Map([['tor', 'firewall-block']]);
  for await (const row of historyOf(journal.records({}), filter, { channels })) rows.push(row);
  return rows;
}

const [SEVEN = '', EIGHT = '', NINE = ''] = TOR;
const ip = (value: string) => ({ type: 'ip', value }) as const;

test('the journal tells who changed what for which commit, from what to what: sync, withdrawal, words, renewal, by hand', async (t) => {
  const bench = await synced(t);
  const { journal } = bench.work;
  const first = await rowsOf(journal);
  assert.deepEqual(
    first.map(({ kind, value }) => `${kind} ${value}`).sort(),
    TOR.map((value) => `create ${value}`),
  );
  const [created] = await rowsOf(journal, { observable: ip(SEVEN) });
  assert(created);
  assert.deepEqual(
    { ...created, at: '', run: '', revision: '', judgement: '', end: '' },
    {
      ...{ at: '', run: '', who: 'sync', revision: '', kind: 'create', type: 'ip', value: SEVEN, list: 'tor' },
      ...{ feed: 'firewall-block/ip', place: 'feeds/tor.txt:1', judgement: '', end: '' },
      words: {
        ...{ disposition: 2, source: 'tor', priority: 95, severity: 'Medium', confidence: 'High', tlp: 'amber' },
      },
    },
  );
  const [judgement] = (await bench.get(`/ctia/ip/${SEVEN}/judgements`)).json;
  assert.equal(created.judgement, judgement.id);
  assert.equal(created.end, judgement.valid_time.end_time);

  bench.write('tor.txt', `${SEVEN}\n${EIGHT}`);
  bench.write('tor.yaml', `${HEAD}overrides: { ${EIGHT}: { reason: "case 4711" } }\n`);
  const second = await bench.run('sync', { force: true });
  assert.equal(second.result?.result, 'verified', second.failed);
  const [withdrawn] = await rowsOf(journal, { observable: ip(NINE) });
  assert.equal(withdrawn?.kind, 'withdraw');
  assert.equal(withdrawn.run, second.job.id);
  assert.equal(withdrawn.revision, second.result.revision);
  assert((withdrawn.end_before ?? '') > withdrawn.at && (withdrawn.end ?? '') < withdrawn.at);
  const [changed] = await rowsOf(journal, { observable: ip(EIGHT) });
  assert.deepEqual([changed?.kind, changed?.words, changed?.words_before], ['change', { reason: 'case 4711' }, {}]);
  assert.deepEqual((await rowsOf(journal, { run: String(second.job.id) })).map(({ kind }) => kind).sort(), [
    'change',
    'withdraw',
  ]);

  bench.step(5 * 24 * HOUR);
  const renewal = await bench.run('renew');
  assert.equal(renewal.result?.renewed, 2, renewal.failed);
  const [renewed] = await rowsOf(journal, { observable: ip(SEVEN), feed: 'firewall-block' });
  assert.deepEqual([renewed?.kind, renewed?.who, renewed?.feed], ['renew', 'renewal', 'firewall-block/ip']);
  assert((renewed?.end ?? '') > (created.end ?? ''));

  const added = await bench.run('add', { value: '198.51.100.99', for: '24h', reason: 'case 4712' });
  assert.deepEqual(added.result?.shown, ['firewall-block/ip'], added.failed);
  await bench.run('remove', { value: '198.51.100.99' });
  const byHand = await rowsOf(journal, { list: 'adhoc-block' });
  assert.deepEqual(
    byHand.map(({ kind, who, feed, words, run }) => [kind, who, feed, words?.reason, run === added.job.id]),
    [
      ['withdraw', 'remove', 'firewall-block/ip', undefined, false],
      ['create', 'add', 'firewall-block/ip', 'case 4712', true],
    ],
  );
  assert.equal((await rowsOf(journal)).length, TOR.length + 2 + 2 + 2, 'a sync that changes nothing is not told');
});

test('the audit lets go of what is older than the settings keep; a Redis that is lost loses the journal', async (t) => {
  const bench = await synced(t);
  const { journal } = bench.work;
  bench.step(48 * HOUR);
  await bench.run('audit');
  assert.equal((await rowsOf(journal)).length, TOR.length);
  bench.write('settings.yaml', `${SETTINGS}history: { keep: 1d }\n`);
  await bench.run('audit');
  assert.deepEqual(await rowsOf(journal), []);

  bench.write('tor.txt', TOR.slice(1).join('\n'));
  assert.equal((await bench.run('sync', { force: true })).result?.counts.withdraw, 1);
  assert.equal((await rowsOf(journal)).length, 1);
  await bench.work.redis.flushall();
  assert.equal(await journal.begins(), undefined);
  assert.deepEqual(await rowsOf(journal), []);
  assert.equal((await bench.run('sync')).result?.result, 'verified', 'nothing depends on it');
});

test('a journal that cannot be written is a notice of the run, and stops nothing', async (t) => {
  const bench = await synced(t);
  const { redis, keys } = bench.work;
  await redis.del(`${keys.journal}:changes`);
  await redis.set(`${keys.journal}:changes`, 'something else');
  bench.write('tor.txt', `${TOR.join('\n')}\n198.51.100.10`);
  const { result, failed } = await bench.run('sync');
  assert.equal(result?.result, 'verified', failed);
  assert.match(result.notices.join('\n'), /the journal does not tell of 1 changes: .*WRONGTYPE/);
});

/** As one that is killed when CTIA has written what it asked for, and before it could tell ledger or journal. */
async function dying({ work }: Workbench, who: 'add' | 'remove', run: string): Promise<HandWork> {
  const hands = handsOf(work, deskFor(work, silentLog, who, run));
  assert(hands.record);
  const killed = () => Promise.reject(new Error('killed'));
  return { ...hands, record: { ...hands.record, note: killed, end: killed } };
}

test('what a writer did that died before it could tell is told by whoever looks next, under its own run and time', async (t) => {
  const bench = await synced(t);
  const { journal, ledger, feedsDir } = bench.work;
  const channels = [...(await readSettingsAlone(feedsDir)).channels.values()];
  const [channel] = channels;
  assert(channel);
  const value = '198.51.100.99';
  const said = { words: { reason: 'case 4713' }, limits: undefined };
  const request = { observable: ip(value), channel, channels, lifetimeMs: 24 * HOUR, ...said };
  await assert.rejects(addByHand(await dying(bench, 'add', 'run-that-died'), request), /killed/);
  assert.deepEqual(await rowsOf(journal, { observable: ip(value) }), []);
  const attempt = [...(await ledger.store.leftInFlight()).values()][0];

  const next = await bench.run('sync');
  assert.deepEqual([next.result?.result, next.result?.read.from], ['verified', 'ledger'], next.failed);
  const [told, ...more] = await rowsOf(journal, { observable: ip(value) });
  assert.deepEqual(
    [told?.kind, told?.list, told?.who, told?.run, told?.words?.reason, told?.found, more.length],
    ['create', 'adhoc-block', 'add', 'run-that-died', 'case 4713', true, 0],
  );
  assert.equal(told?.at, new Date(attempt?.at ?? 0).toISOString(), 'when it set out to');

  // So many that CTIA is read in full.
  await assert.rejects(
    removeByHand(await dying(bench, 'remove', 'another'), { observable: ip(value), channels, allow: undefined }),
    /killed/,
  );
  const { lock, record } = deskFor(bench.work, silentLog, 'sync', 'yet another');
  const others = Array.from({ length: 26 }, (_, n) => `h${n}`);
  await lock.exclusively(() => record.begin(others, { now: 1, owner: 'acme', revision: 'c0ffee' }));
  assert.equal((await bench.run('sync')).result?.read.why, '27 entries were left in flight');
  const [withdrawn, ...rest] = await rowsOf(journal, { observable: ip(value) });
  assert.deepEqual([withdrawn?.kind, withdrawn?.run, withdrawn?.found, rest.length], ['withdraw', 'another', true, 1]);
  assert.deepEqual(await rowsOf(journal, { run: 'yet another' }), [], 'nothing became of those');
});
