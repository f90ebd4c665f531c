import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Upstream } from '../../src/lists/upstream-schema.ts';
import { type Clock, DAY, HOUR, MINUTE, systemClock } from '../../src/runtime/clock.ts';
import { makeDownloader } from '../../src/sources/download.ts';
import { type LastGood, makeLastGood } from '../../src/sources/last-good.ts';
import { healthNotice, healthOf } from '../../src/sources/upstream-health.ts';
import type { UpstreamList } from '../../src/sources/upstream-lists.ts';
import { acceptQuarantined, backOffMs, pullUpstream } from '../../src/sources/upstream-pull.ts';
import { type RemoteLists, startRemoteLists } from './remote-lists.ts';

const UPSTREAM: Upstream = {
  url: '',
  format: 'text',
  everyMs: HOUR,
  bounds: { minEntries: 1, maxShrink: 0.2 },
  staleAfterMs: 30 * DAY,
  canaries: [],
  place: { line: 2, column: 1 },
};

function lines(count: number, net = '11.22.33'): string {
  return Array.from({ length: count }, (_, n) => `${net}.${n}\n`).join('');
}

/** One list, its source, and a clock that stands until it is moved. */
function desk(remote: RemoteLists, path: string, more: Partial<Upstream> = {}) {
  const texts = new Map<string, string>();
  const lastGood: LastGood = makeLastGood({
    get: async (key) => texts.get(key),
    set: async (key, text) => void texts.set(key, text),
    remove: async (key) => void texts.delete(key),
  });
  let now = Date.UTC(2026, 10, 25);
  const clock: Clock = { now: () => now, sleep: systemClock.sleep };
  const download = makeDownloader({ clock, privateHosts: ['127.0.0.1'] });
  const listAt = (url: string): UpstreamList => ({ name: 'exits', upstream: { ...UPSTREAM, ...more, url } });
  const list = listAt(`${remote.url}${path}`);
  return {
    clock,
    lastGood,
    list,
    pull: (of = list, byHand = false) => pullUpstream(of, { clock, download, lastGood, all: [of] }, { byHand }),
    listAt,
    facts: () => lastGood.facts('exits'),
    step(ms: number) {
      now += ms;
    },
  };
}

describe('a pull', () => {
  let remote: RemoteLists;
  before(async () => {
    remote = await startRemoteLists();
  });
  after(() => remote.close());

  it('asks another address at once, whatever it waits for with the former one', async () => {
    remote.serve('/mended', lines(20));
    const { pull, listAt, step } = desk(remote, '/mistyped');
    assert.equal((await pull()).did, 'kept');
    step(MINUTE);
    assert.equal((await pull()).did, 'waited');
    const mended = listAt(`${remote.url}/mended`);
    assert.deepEqual(await pull(mended), { list: 'exits', did: 'changed', entries: 20 });
    assert.equal((await pull(mended)).did, 'waited');
    assert.equal((await pull(listAt(`${remote.url}/mended?v=2`))).did, 'changed', 'compared with nothing');
  });

  it('asks when it is time, and whether there is anything new', async () => {
    remote.serve('/a', (request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"' }).end(lines(20));
    });
    const { pull, step, facts } = desk(remote, '/a');
    assert.deepEqual(await pull(), { list: 'exits', did: 'changed', entries: 20 });
    const asked = remote.asked.length;
    assert.equal((await pull()).did, 'waited');
    assert.equal(remote.asked.length, asked);
    step(HOUR);
    assert.deepEqual(await pull(), { list: 'exits', did: 'same', entries: 20 });
    assert.equal((await facts()).copy?.fetchedAt, Date.UTC(2026, 10, 25, 1));
    assert.equal((await pull(undefined, true)).did, 'same', 'a person asks when he likes');
  });

  it('tells what came and what went', async () => {
    remote.serve('/b', lines(20));
    const { pull, step } = desk(remote, '/b');
    await pull();
    remote.serve('/b', `${lines(19)}11.22.34.1\n11.22.34.2\n`);
    step(HOUR);
    assert.deepEqual(await pull(), { list: 'exits', did: 'changed', entries: 21, churn: { added: 2, removed: 1 } });
    step(HOUR);
    assert.equal((await pull()).did, 'same', 'the same text without a word of the server');
  });

  it('waits longer after each failure, up to a day, and as long as it is asked to', async () => {
    remote.serve('/c', (_, response) => response.writeHead(500).end());
    const { pull, facts, step, clock } = desk(remote, '/c');
    const waits: number[] = [];
    for (let n = 0; n < 10; n++) {
      assert.equal((await pull()).kind, 'status');
      const wait = (await facts()).nextPullAt - clock.now();
      waits.push(wait / MINUTE);
      step(wait);
    }
    assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    assert.equal(backOffMs({ ...UPSTREAM, everyMs: 7 * DAY }, 20), 7 * DAY);
    remote.serve('/c', (_, response) => response.writeHead(429, { 'retry-after': '86000' }).end());
    const fresh = desk(remote, '/c');
    await fresh.pull();
    assert.equal((await fresh.facts()).nextPullAt - fresh.clock.now(), 86_000_000);
  });

  it('compares nothing with the copy of another address, and asks it for no difference', async () => {
    remote.serve('/d', (_, response) => response.writeHead(200, { etag: '"d"' }).end(lines(20)));
    remote.serve('/e', (request, response) => {
      response.writeHead(request.headers['if-none-match'] === undefined ? 200 : 304).end(lines(20, '11.99.1'));
    });
    const { pull, listAt, facts } = desk(remote, '/d');
    await pull();
    const moved = await pull(listAt(`${remote.url}/e`), true);
    assert.deepEqual([moved.did, moved.entries], ['changed', 20]);
    assert.equal((await facts()).copy?.counts.taken, 20);
  });

  it('T29 tells a source that says the same for ever, and one that lists what nobody may', async () => {
    remote.serve('/f', lines(20));
    const { pull, facts, step, clock, list } = desk(remote, '/f', { canaries: ['11.55.0.0/16'] });
    await pull();
    for (let day = 0; day < 30; day++) {
      step(DAY);
      await pull();
    }
    assert.equal(healthOf(await facts(), list.upstream, clock.now()), 'stale');
    assert.match(healthNotice('exits', await facts(), list.upstream, clock.now()) ?? '', /not changed for 30 d/);
    remote.serve('/f', `${lines(20)}11.0.0.0/9\n`);
    step(HOUR);
    assert.equal((await pull()).kind, 'canary');
  });

  it('puts what is not believed into quarantine, until a person accepts it', async () => {
    remote.serve('/g', lines(20));
    const { pull, facts, step, lastGood, list, clock } = desk(remote, '/g');
    await pull();
    remote.serve('/g', lines(5));
    step(HOUR);
    assert.equal((await pull()).kind, 'shrunk');
    assert.equal(healthOf(await facts(), list.upstream, clock.now()), 'quarantined');
    assert.equal((await lastGood.copy('exits'))?.text, lines(20));
    assert.deepEqual(await acceptQuarantined(list, { lastGood, clock }), {
      entries: 5,
      churn: { added: 0, removed: 15 },
    });
    assert.equal((await lastGood.copy('exits'))?.text, lines(5));
    assert.equal(healthOf(await facts(), list.upstream, clock.now()), 'good');
    assert.deepEqual(await acceptQuarantined(list, { lastGood, clock }), { refused: 'nothing of it is in quarantine' });
    step(HOUR);
    assert.equal((await pull()).did, 'same');
  });

  it('says that nobody pulls any more', async () => {
    remote.serve('/h', lines(20));
    const { pull, facts, step, clock, list } = desk(remote, '/h');
    await pull();
    step(5 * HOUR);
    assert.match(healthNotice('exits', await facts(), list.upstream, clock.now()) ?? '', /not pulled since 5 h/);
  });
});
