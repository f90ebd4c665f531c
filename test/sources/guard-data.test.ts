import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { GuardListSource } from '../../src/lists/guards/guard-settings.ts';
import { normalise } from '../../src/lists/normalise.ts';
import { DAY, HOUR, MINUTE, systemClock } from '../../src/runtime/clock.ts';
import { makeDownloader } from '../../src/sources/download.ts';
import {
  bringHome,
  guardCopies,
  guardListTrouble,
  makeGuardListReader,
  updateGuardLists,
} from '../../src/sources/guard-data.ts';
import { guardsOf, judged } from '../lists/guards/judged.ts';
import { startRemoteLists } from './remote-lists.ts';

async function bench(t: TestContext) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'guards-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const remote = await startRemoteLists();
  t.after(() => remote.close());
  const download = makeDownloader({ clock: systemClock, privateHosts: ['127.0.0.1'] });
  const lastGood = guardCopies(dataDir);
  const reader = makeGuardListReader();
  const read = (sources: readonly GuardListSource[]) => reader(sources, [lastGood]);
  return {
    remote,
    lastGood,
    read,
    source: (file: string, kind: GuardListSource['kind'], severity: GuardListSource['severity']) => ({
      url: `${remote.url}/${file}`,
      kind,
      severity,
    }),
    async update(sources: readonly GuardListSource[]) {
      const pulls = await updateGuardLists(sources, { clock: systemClock, download, lastGood });
      return pulls.map(({ did, size, message = '' }) => `${did} ${size} ${message}`.trim());
    },
    async guards(sources: readonly GuardListSource[]) {
      return guardsOf('', { configured: [], fetched: await read(sources) });
    },
  };
}

const misp = (type: string, attributes: readonly string[], list: readonly string[]) =>
  JSON.stringify({ name: `made up: ${type}`, type, list, matching_attributes: attributes, version: 1 });

const PSL =
  '// ===BEGIN ICANN DOMAINS===\nicu\nmade-up-registry.icu\n*.star.icu\n!not.star.icu\nstraße.icu\n// ===END ICANN DOMAINS===\n// ===BEGIN PRIVATE DOMAINS===\nhoster.icu // a remark\n// ===END PRIVATE DOMAINS===\n';

test('T40 each kind of fetched list adds to what guards know, junk in it is left out', async (t) => {
  const { remote, source, update, guards } = await bench(t);
  remote.serve(
    '/cloud',
    misp('cidr', ['ip-src'], ['45.66.32.0/22', '2A0E:B100::/32', '0.0.0.0/0', 'AAA', '45.66.40.7:53']),
  );
  remote.serve('/hosts', misp('hostname', ['hostname'], ['.vendor-blog.icu', 'Status.Vendor-Two.icu', '45.66.50.1']));
  remote.serve(
    '/hashes',
    misp('string', ['md5', 'sha1', 'ssdeep'], ['3::', 'AA'.repeat(16), 'bb'.repeat(20), 'cc'.repeat(64)]),
  );
  remote.serve('/popular', '1,much-asked.icu\n2,hoster-of-many.icu\n');
  remote.serve('/psl', PSL);
  const sources = [
    source('cloud', 'cidr', 'warn'),
    source('hosts', 'hostname', 'refuse'),
    source('hashes', 'string', 'refuse'),
    source('popular', 'popular', 'warn'),
    source('psl', 'suffix', 'refuse'),
  ];
  assert.deepEqual(await update(sources), ['changed 3', 'changed 2', 'changed 2', 'changed 2', 'changed 6']);
  const known = await guards(sources);
  const expected: Readonly<Record<string, readonly string[]>> = {
    'warn guard-fetched': ['45.66.33.1', '45.66.40.7', '2a0e:b100::1'],
    'refuse guard-fetched': [
      ...['45.66.32.0/24', '45.66.0.0/16', 'vendor-blog.icu', 'a.vendor-blog.icu', 'vendor-two.icu'],
      ...['aa'.repeat(16), 'bb'.repeat(20)],
    ],
    'warn guard-popular-name': ['much-asked.icu', 'hoster-of-many.icu'],
    'refuse guard-public-suffix': ['made-up-registry.icu', 'any.star.icu', 'xn--strae-oqa.icu', 'hoster.icu'],
    // Popularity is exact, an exception is none, and what another list of hashes holds is no address.
    published: ['evil.much-asked.icu', 'not.star.icu', 'evil.hoster.icu', '3::', '45.66.50.1', 'http://45.66.33.1/x'],
    // Added to, and nothing taken away.
    'refuse guard-resolver': ['8.8.8.8'],
  };
  for (const [outcome, values] of Object.entries(expected))
    for (const value of values) assert.equal(judged(value, known), outcome, value);
});

test('T12 T14 an answer that is not the list keeps the last good copy, is kept to be looked at, and says why', async (t) => {
  const { remote, source, update, guards, lastGood } = await bench(t);
  const sources = [source('cloud', 'cidr', 'refuse')];
  const many = Array.from({ length: 20 }, (_, n) => `45.66.${n}.0/24`);
  remote.serve('/cloud', misp('cidr', ['ip-src'], many));
  assert.deepEqual(await update(sources), ['changed 20']);
  assert.deepEqual(await update(sources), ['same 20']);
  const bad: Readonly<Record<string, RegExp>> = {
    '': /^kept 20 nothing came/,
    '<html><title>Just a moment</title></html>': /^kept 20 a web page came/,
    [misp('cidr', ['ip-src'], many).slice(0, 200)]: /^kept 20 it begins as JSON and is none/,
    [misp('cidr', ['ip-src'], ['AAA', 'BBB', 'CCC', 'DDD', '45.66.1.1'])]:
      /^kept 20 of 5 values 1 are of the kind cidr/,
    [misp('cidr', ['ip-src'], many.slice(0, 5))]: /^kept 20 it has 5 values where the last good copy has 20/,
    [misp('regex', ['url'], ['/a/'])]: /^kept 20 its type is "regex"/,
    '429 Too Many Requests\nslow down\n': /^kept 20 of \d+ values/,
  };
  for (const [text, says] of Object.entries(bad)) {
    remote.serve('/cloud', text);
    assert.match((await update(sources)).join(), says);
  }
  remote.serve('/cloud', (_, response) => response.writeHead(500).end());
  assert.match((await update(sources)).join(), /^kept 20 http:.*answers 500/);
  assert.equal(judged('45.66.7.7', await guards(sources)), 'refuse guard-fetched');
  assert.ok(lastGood !== undefined);
});

test('a copy that is as it was is neither sent nor parsed again', async (t) => {
  const { remote, source, update, read } = await bench(t);
  const sources = [source('popular', 'popular', 'warn')];
  remote.serve('/popular', (request, response) => {
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"v1"', 'content-type': 'text/plain' }).end('1,much-asked.icu\n');
  });
  await update(sources);
  const first = await read(sources);
  assert.equal(await read(sources), first);
  assert.deepEqual(await update(sources), ['same 1']);
  assert.equal(await read(sources), first, 'it was looked at, and is the same');
});

test('by a schedule a list is asked for when it is time, one that failed sooner; of two places the newer copy counts', async (t) => {
  const { remote, source, lastGood } = await bench(t);
  const sources = [source('cloud', 'cidr', 'warn')];
  const [list] = sources;
  assert(list);
  let now = Date.parse('2026-11-25T12:00:00Z');
  const clock = { ...systemClock, now: () => now };
  const download = makeDownloader({ clock, privateHosts: ['127.0.0.1'] });
  const update = async (everyMs: number | undefined, place = lastGood) =>
    (await updateGuardLists(sources, { clock, download, lastGood: place, everyMs })).map(({ did }) => did).join();
  remote.serve('/cloud', '45.66.32.0/22\n');
  assert.equal(await update(DAY), 'changed');
  now += HOUR;
  assert.equal(await update(DAY), 'waited');
  assert.equal(await update(undefined), 'same', 'by hand');
  now += DAY;
  remote.serve('/cloud', '');
  assert.equal(await update(DAY), 'kept');
  assert.match((await guardListTrouble(list, [lastGood])) ?? '', /^failed 1 time since \(nothing came/);
  now += MINUTE;
  assert.equal(await update(DAY), 'waited');
  now += 10 * MINUTE;
  remote.serve('/cloud', '45.66.32.0/22\n45.67.0.0/16\n');
  assert.equal(await update(DAY), 'changed');
  assert.equal(await guardListTrouble(list, [lastGood]), undefined);

  const elsewhere = mkdtempSync(path.join(tmpdir(), 'guards-'));
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
  const home = guardCopies(elsewhere);
  const reader = makeGuardListReader();
  await bringHome(sources, lastGood, home);
  const both = await reader(sources, [lastGood, home]);
  assert.equal(both[0]?.size, 2);
  now += MINUTE;
  remote.serve('/cloud', '45.66.32.0/22\n45.67.0.0/16\n45.68.0.0/16\n');
  await update(undefined, home);
  assert.equal((await reader(sources, [lastGood, home]))[0]?.size, 3);
  await bringHome(sources, lastGood, home);
  assert.equal((await reader(sources, [home]))[0]?.size, 3, 'what is newer at home stays');
});

const DATA = path.resolve('..', 'shared', 'data', 'guard');
const needsData = existsSync(DATA) ? {} : { skip: 'needs ../shared/data' };

test('real warning lists are taken, and each says how much of it was left out', needsData, async (t) => {
  const { remote, source, update, guards } = await bench(t);
  const sources: GuardListSource[] = [];
  for (const folder of ['never-block', 'warn-only']) {
    for (const file of readdirSync(path.join(DATA, 'misp-warninglists', folder))) {
      const text = readFileSync(path.join(DATA, 'misp-warninglists', folder, file), 'utf8');
      const { type } = JSON.parse(text) as { type: string };
      remote.serve(`/${file}`, text);
      const severity = folder === 'never-block' ? ('refuse' as const) : ('warn' as const);
      if (file === 'tranco10k.json') sources.push(source(file, 'popular', 'warn'));
      else if (type === 'cidr' || type === 'string' || type === 'hostname') sources.push(source(file, type, severity));
    }
  }
  remote.serve('/public_suffix_list.dat', readFileSync(path.join(DATA, 'public_suffix_list.dat'), 'utf8'));
  sources.push(source('public_suffix_list.dat', 'suffix', 'refuse'));
  const pulls = await update(sources);
  assert.ok(pulls.length > 40);
  for (const [n, pull] of pulls.entries()) assert.match(pull, /^changed [1-9]/, sources[n]?.url);
  const known = await guards(sources);
  const outcomes = ['2001:148f:fffe::1', '3::', '149.154.167.99', 'c.pki.goog', '1url.com', 'b.br', '52.95.110.1'].map(
    (value) => judged(value, known),
  );
  assert.deepEqual(outcomes, [
    'refuse guard-fetched',
    'published',
    'warn guard-fetched',
    'refuse guard-certificate-host',
    'warn guard-fetched',
    'refuse guard-public-suffix',
    'warn guard-fetched',
  ]);
});

test('what is let through quickly is what no guard has a word on', async (t) => {
  const { remote, source, update, read } = await bench(t);
  const sources = [source('cloud', 'cidr', 'warn')];
  remote.serve('/cloud', misp('cidr', ['ip-src'], ['45.66.32.0/22', '2a0e:b100::/32', '45.67.1.1']));
  remote.serve('/hosts', misp('hostname', ['hostname'], ['.vendor-blog.icu', 'status.vendor-two.icu']));
  remote.serve(
    '/values',
    misp('string', ['url', 'sha256', 'domain'], ['https://evil.icu/x', 'aa'.repeat(32), 'plain.icu']),
  );
  remote.serve('/popular', '1,much-asked.icu\n');
  remote.serve('/psl', PSL);
  sources.push(source('hosts', 'hostname', 'warn'), source('values', 'string', 'refuse'));
  sources.push(source('popular', 'popular', 'warn'), source('psl', 'suffix', 'refuse'));
  await update(sources);
  const configured = [{ host: '2a0e:b200::7', what: 'the Redis host' }];
  const guards = guardsOf('protect: [45.68.0.0/15, "2a0e:b300::/48"]', { configured, fetched: await read(sources) });
  let seen = 0;
  for (let first = 0; first < 256; first++) {
    for (const rest of ['0.0.0', '66.32.9', '67.1.1', '69.9.9', '255.255.255', '16.0.1']) {
      const observable = { type: 'ip' as const, value: `${first}.${rest}` };
      const loudest = guards.explain(observable)[0] !== undefined;
      assert.equal(guards.judge(observable) !== undefined, loudest, observable.value);
      if (loudest) seen++;
    }
  }
  assert.ok(seen > 100 && seen < 1000, `${seen}`);
  for (const [value, loud] of Object.entries({
    ...{ 'vendor-blog.icu': true, 'a.vendor-blog.icu': true, 'vendor-two.icu': true, 'x.vendor-two.icu': false },
    ...{ 'https://vendor-blog.icu/': true, 'https://vendor-blog.icu/x': false, 'https://evil.icu/x': true },
    ...{ 'https://evil.icu/y': false, 'plain.icu': true, 'x.plain.icu': false, 'much-asked.icu': true },
    ...{
      'x.much-asked.icu': false,
      'hoster.icu': true,
      'any.star.icu': true,
      'not.star.icu': false,
      'x.y.star.icu': false,
    },
  })) {
    const normal = normalise(value);
    assert('observable' in normal);
    assert.equal(guards.judge(normal.observable) !== undefined, loud, value);
    assert.equal(guards.explain(normal.observable).length > 0, loud, value);
  }
  assert.notEqual(guards.judge({ type: 'sha256', value: 'aa'.repeat(32) }), undefined);
  for (const [value, loud] of Object.entries({
    ...{ '2a0e:b100::1': true, '2a0e:b101::1': false, '2a0e:b200::7': true, '2a0e:b200::8': false },
    ...{ '2a0e:b300::9': true, '2606:4700::1': true, '2002:2d44:101::': true, '2a0e:b400::1': false },
  })) {
    const observable = { type: 'ipv6' as const, value };
    assert.equal(guards.judge(observable) !== undefined, loud, value);
    assert.equal(guards.explain(observable).length > 0, loud, value);
  }
});
