import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Journal, JournalRecord, Range } from '../../src/jobs/journal.ts';
import { newestFirst } from '../../src/jobs/journal.ts';
import { fileJournal, fileJournalsOf } from '../../src/jobs/journal-files.ts';
import { toBytes } from '../../src/jobs/journal-format.ts';
import { redisJournal, redisJournalsOf } from '../../src/jobs/journal-redis.ts';
import { redisKeys } from '../../src/jobs/keys.ts';
import type { Done } from '../../src/plan/done.ts';
import { redisForTests } from './redis-for-tests.ts';

const { redis } = await redisForTests();
const folder = mkdtempSync(join(tmpdir(), 'journal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const DAY = 24 * 60 * 60 * 1000;
const NOON = Date.parse('2026-11-25T12:00:00Z');

function created(...values: string[]): Done[] {
  return values.map((value) => ({
    ...{ kind: 'create', type: 'ip', value, list: 'tor', feed: 'firewall-block/ip', place: 'feeds/tor.yaml:3' },
    ...{ judgement: `https://ctia.example/ctia/judgement/judgement-${value}`, end: NOON + 7 * DAY },
  }));
}

function record(at: number, changes: readonly Done[], run = 'run-1'): JournalRecord {
  return { at, run, who: 'sync', revision: 'a'.repeat(40), changes };
}

async function values(journal: Journal, range: Range = {}): Promise<string[]> {
  const all: string[] = [];
  for await (const { changes } of journal.records(range)) all.push(changes.map(({ value }) => value).join(' '));
  return all;
}

let count = 0;
const STORES: [what: string, open: () => Journal][] = [
  ['Redis', () => redisJournal(redis, `journal-${count++}`)],
  ['files', () => fileJournal(join(folder, String(count++)), 'https://ctia.example (org)', 'acme')],
];

for (const [what, open] of STORES) {
  test(`${what}: a record comes back as it was written, newest first, within bounds`, async () => {
    const journal = open();
    assert.equal(await journal.begins(), undefined);
    assert.deepEqual(await values(journal), []);
    const changed: Done = {
      ...{ kind: 'change', type: 'domain', value: 'evil.example', list: 'tor', feed: 'firewall-block/domain' },
      ...{ endBefore: NOON + 1, end: NOON + 2, wordsBefore: { reason: 'one' }, words: { reason: 'two' } },
    };
    const first = record(NOON - DAY, [...created('11.0.0.1', '11.0.0.2'), changed, { kind: 'unlink', h: 'ab' }]);
    await journal.append(first);
    await journal.append(record(NOON, created('11.0.0.3'), 'run-2'));
    assert.deepEqual(await values(journal), ['11.0.0.3', '11.0.0.1 11.0.0.2 evil.example ']);
    assert.deepEqual(await values(journal, { until: NOON - 1 }), ['11.0.0.1 11.0.0.2 evil.example ']);
    assert.deepEqual(await values(journal, { since: NOON - DAY + 1 }), ['11.0.0.3']);
    assert.equal(await journal.begins(), NOON - DAY);
    for await (const read of journal.records({ until: NOON - 1 })) assert.deepEqual(read, first);
  });

  test(`${what}: more records than are read at once come each once`, async () => {
    const journal = open();
    for (let n = 0; n < 70; n++) await journal.append(record(NOON + n, created(`11.0.0.${n}`)));
    const expected = Array.from({ length: 70 }, (_, n) => `11.0.0.${69 - n}`);
    assert.deepEqual(await values(journal), expected);
  });

  test(`${what}: renewals keep value, list and end, to the minute`, async () => {
    const journal = open();
    const renewed: Done = { kind: 'renew', type: 'ip', value: '11.0.0.1', list: 'tor', end: NOON + 59_999 };
    await journal.append(record(NOON, [renewed]));
    for await (const { changes } of journal.records({})) assert.deepEqual(changes, [{ ...renewed, end: NOON }]);
    assert.equal(await journal.begins(), undefined, 'renewals tell nothing of what else was changed');
  });

  test(`${what}: what is too old is let go of`, async () => {
    const journal = open();
    await journal.append(record(NOON - 100 * DAY, created('11.0.0.1')));
    await journal.append(record(NOON, created('11.0.0.2')));
    await journal.forget(NOON - 400 * DAY);
    assert.equal((await values(journal)).length, 2);
    await journal.forget(NOON - 50 * DAY);
    assert.deepEqual(await values(journal), ['11.0.0.2']);
    assert.equal(await journal.begins(), NOON);
  });
}

test('Redis: over its size the oldest go, and renewals push out no other change', async () => {
  const one = (await toBytes(record(NOON, created('11.0.0.1')))).length;
  const journal = redisJournal(redis, 'journal-of-size', { changes: one * 3.5, renewals: one * 2 });
  await journal.append(record(NOON, created('11.0.0.0')));
  for (let n = 1; n <= 9; n++)
    await journal.append(record(NOON + n, [{ kind: 'renew', type: 'ip', value: `11.0.1.${n}`, list: 'tor' }]));
  const kept = await values(journal);
  assert.equal(kept.at(-1), '11.0.0.0');
  assert(kept.length < 6 && kept.length > 1, `${kept.length} of 10 records`);
  for (let n = 1; n < 6; n++) await journal.append(record(NOON + 10 + n, created(`11.0.0.${n}`)));
  assert.deepEqual((await values(journal)).slice(0, 3), ['11.0.0.5', '11.0.0.4', '11.0.0.3']);
  assert.equal(await journal.begins(), NOON + 13);
});

test('files: over their size the oldest month goes, never the one that is written', async () => {
  const dir = join(folder, 'of-size');
  const journal = fileJournal(dir, 'tenant', 'acme', 600);
  for (const day of [70, 40, 0]) await journal.append(record(NOON - day * DAY, created('11.0.0.1')));
  const [tenant = ''] = readdirSync(join(dir, 'history'));
  assert.deepEqual(readdirSync(join(dir, 'history', tenant)), ['2026-11.jsonl']);
});

test('files: a line that a crash tore is left out, and the next one is whole', async () => {
  const dir = join(folder, 'torn');
  const journal = fileJournal(dir, 'tenant', 'acme');
  await journal.append(record(NOON, created('11.0.0.1')));
  appendFileSync(join(dir, 'history', 'acme-tenant', '2026-11.jsonl'), '{"v":1,"at":17');
  await journal.append(record(NOON + 1, created('11.0.0.2')));
  assert.deepEqual(await values(journal), ['11.0.0.2', '11.0.0.1']);
});

test('what several journals hold is told as one, newest first', async () => {
  const [a, b] = STORES.map(([, open]) => open());
  assert(a && b);
  await a.append(record(NOON, created('11.0.0.1')));
  await b.append(record(NOON + 1, created('11.0.0.2')));
  await a.append(record(NOON + 2, created('11.0.0.3')));
  const all: string[] = [];
  for await (const { changes } of newestFirst([a.records({}), b.records({})])) all.push(changes[0]?.value ?? '');
  assert.deepEqual(all, ['11.0.0.3', '11.0.0.2', '11.0.0.1']);
});

test('a renewal of a thousand addresses takes some nine kilobytes', async () => {
  const changes = Array.from({ length: 1000 }, (_, n): Done => {
    const chance = (n * 2_654_435_761) % 2 ** 32;
    const value = [24, 16, 8, 0].map((shift) => Math.floor(chance / 2 ** shift) % 256).join('.');
    return { kind: 'renew', type: 'ip', value, list: 'tor', endBefore: NOON + chance, end: NOON + chance };
  });
  const { length } = await toBytes(record(NOON, changes));
  assert(length < 12_000, `${length} bytes`);
});

test('without a token the journals of an owner are found by the URL of CTIA alone, and nobody else’s', async () => {
  const ctiaUrl = 'http://[::1]:3000';
  const dataDir = join(folder, 'elsewhere');
  for (const [tenant, owner, value] of [
    [`${ctiaUrl} one`, 'acme', '11.0.0.1'],
    [`${ctiaUrl} two`, 'acme', '11.0.0.2'],
    [`${ctiaUrl} one`, 'other', '11.0.0.3'],
    [`${ctiaUrl}1 one`, 'acme', '11.0.0.4'],
  ] as const) {
    await fileJournal(dataDir, tenant, owner).append(record(NOON, created(value)));
    await redisJournal(redis, redisKeys(tenant, owner).journal).append(record(NOON, created(value)));
  }
  const whose = { ctiaUrl, owner: 'acme' };
  for (const journals of [await fileJournalsOf(dataDir, whose), await redisJournalsOf(redis, whose)]) {
    const found = await Promise.all(journals.map((journal) => values(journal)));
    assert.deepEqual(found.flat().sort(), ['11.0.0.1', '11.0.0.2']);
  }
  assert.deepEqual(await fileJournalsOf(join(folder, 'none'), whose), []);
});
