import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredJudgement } from '../../src/ctia/stored.ts';
import { expire } from '../../src/incidents/judgements/expire.ts';
import { type JudgementFilter, selectJudgements, whyNotTouch } from '../../src/incidents/judgements/select.ts';
import { build } from '../../src/incidents/write/build.ts';
import { draftsOf } from '../../src/incidents/write/draft.ts';
import { importBuilt } from '../../src/incidents/write/import.ts';
import { assertVerified, ORG, OWNER, type Tenant, tenant } from '../reconcile/tenant.ts';

const SELF = { owner: OWNER, organisation: ORG };
const NOW = Date.parse('2026-11-25T02:00:00.000Z');
const inDays = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

async function create(world: Tenant, ...judgements: object[]) {
  const client = world.client();
  await client.identity();
  const read = draftsOf('judgements', judgements, 'value');
  assert('drafts' in read, JSON.stringify(read));
  const built = build(read.drafts, { owner: OWNER, source: OWNER, tlp: 'amber', now: client.serverNow() });
  assert('parts' in built);
  return (
    await importBuilt({ client, clock: world.time.clock, owner: OWNER, exclusively: (work) => work() }, built, OWNER)
  ).results;
}

async function select(world: Tenant, filter: Partial<JudgementFilter>): Promise<StoredJudgement[]> {
  const found: StoredJudgement[] = [];
  const pages = selectJudgements(world.client(), SELF, { ended: false, all: false, ...filter });
  for await (const page of pages) found.push(...page);
  return found;
}

const foreign = (value: string, more: object = {}) => ({
  ...{ observable: { type: 'ip', value }, source: 'siem', priority: 90, severity: 'Low', confidence: 'Low' },
  ...{ disposition: 2, valid_time: { end_time: inDays(30) }, ...more },
});

test('judgements are chosen typed and whole, by source, disposition, list and end; others’ organisations are left out', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync('tor 11.2.3.4\nmanual 11.2.3.5'));
  const other = await world.as({ login: 'stranger', org: 'other-org' });
  const ours = [foreign('11.2.3.4'), foreign('11.2.3.40'), foreign('11.2.3.41', { disposition: 1, source: 'SIEM' })];
  const url = { observable: { type: 'url', value: 'http://11.2.3.4/A' } };
  await world.call('POST', '/ctia/bulk?wait_for=true', { judgements: [...ours, foreign('', url)] });
  await other('POST', '/ctia/judgement?wait_for=true', foreign('11.2.3.4', { tlp: 'green' }));
  await create(world, { observable: '11.2.3.6', valid_time: { end_time: inDays(2) } });

  const told = async (filter: Partial<JudgementFilter>) =>
    (await select(world, filter)).map((it) => `${it.observable.value} ${it.source}`).sort();
  const on = { observable: { type: 'ip', value: '11.2.3.4' } };
  assert.deepEqual(await told(on), ['11.2.3.4 acme lists', '11.2.3.4 siem']);
  assert.equal((await told({ ...on, all: true })).length, 3);
  assert.equal((await told(url)).length, 1);
  assert.deepEqual(await told({ observable: { type: 'url', value: 'http://11.2.3.4/a' } }), []);
  assert.deepEqual(await told({ source: 'siem', type: 'ip' }), ['11.2.3.4 siem', '11.2.3.40 siem']);
  assert.deepEqual(await told({ disposition: 1 }), ['11.2.3.41 SIEM']);
  assert.deepEqual(await told({ type: 'domain' }), []);
  assert.deepEqual(await told({ list: 'tor' }), ['11.2.3.4 acme lists']);
  assert.deepEqual(await told({ list: 'manual', ...on }), []);
  assert.deepEqual(await told({ expiringMs: 3 * 86_400_000 }), ['11.2.3.6 acme']);
});

test('T16: what lists hold and what others made is not to be deleted or ended by the way', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync('tor 11.2.3.4'));
  await world.call('POST', '/ctia/judgement?wait_for=true', foreign('11.2.3.5'));
  await create(world, { observable: '11.2.3.6' });
  const why = new Map((await select(world, {})).map((it) => [it.observable.value, whyNotTouch(SELF, it)]));
  assert.match(
    why.get('11.2.3.4') ?? '',
    /held by list tor: take 11\.2\.3\.4 out of the list, or say ctim-feeds remove/,
  );
  assert.match(why.get('11.2.3.5') ?? '', /not ours \(made by colleague, source siem\)/);
  assert.deepEqual([why.has('11.2.3.6'), why.get('11.2.3.6')], [true, undefined]);
});

test('ended ones stay to be read, also where a token may not replace in bulk; one sent again says that it has ended', async (t) => {
  const world = await tenant(t);
  const one = { observable: '11.2.3.6', external_ids: ['case-1'], reason: 'scans' };
  const later = { observable: '11.2.3.7', valid_time: { start_time: inDays(2), end_time: inDays(9) } };
  await create(world, one, later);
  const ids = (await select(world, {})).map(({ id }) => id);
  const gone = 'https://x/ctia/judgement/judgement-00000000-0000-4000-8000-000000000001';
  const ended = await expire({ client: world.client(), exclusively: (work) => work() }, [...ids, gone], 'case closed');
  assert.deepEqual([ended.expired, ended.failures.map(({ id }) => id)], [2, [gone]]);
  assert.deepEqual(await select(world, {}), []);
  const all = await select(world, { ended: true });
  assert.deepEqual(all.map(({ reason }) => reason).sort(), ['case closed', 'scans case closed']);
  assert(all.every(({ valid_time: times }) => times.start_time <= times.end_time && times.end_time < inDays(0)));

  const [again] = await create(world, one);
  assert.equal(again?.result, 'exists');
  assert.match(again?.message ?? '', /it has ended \(2026-11-25T01:59:/);

  await create(world, { ...one, external_ids: ['case-2'] });
  world.server.faults.push({ on: { method: 'PUT' }, kind: 'forbidden', capabilities: ['create-casebook'] });
  const [open] = await select(world, {});
  const client = world.client();
  assert.equal((await expire({ client: client, exclusively: (work) => work() }, [open?.id ?? ''], 'x')).expired, 1);
});

test('judgements end with the reason that is given, whatever was said of them; what is left for the next hour is named', async (t) => {
  const world = await tenant(t);
  const long = { reason: 'y'.repeat(1020) };
  await create(world, ...['203.0.113.1', '203.0.113.2', '203.0.113.3'].map((value) => foreign(value, long)));
  const [first, ...others] = (await select(world, {})).map(({ id }) => id);
  const writing = { client: world.client(), exclusively: <T>(work: () => Promise<T>) => work() };
  await expire(writing, [first ?? ''], 'case 4711 closed');
  const [ended] = (await select(world, { ended: true })).filter(({ id }) => id === first);
  assert.match(ended?.reason ?? '', /^y+ case 4711 closed$/);
  assert.equal(ended?.reason?.length, 1024);

  world.server.faults.push({ on: { method: 'PUT' }, kind: 'forbidden', capabilities: ['create-casebook'] });
  let left = 1;
  const client = { ...writing.client, takeOneByOne: async () => left-- > 0 };
  const { expired, failures } = await expire({ ...writing, client }, others, 'x');
  assert.deepEqual([expired, failures.map(({ id }) => id)], [1, others.slice(1)]);
  assert.match(failures[0]?.why ?? '', /used up/);
});
