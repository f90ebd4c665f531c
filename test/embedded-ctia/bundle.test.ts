import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, call, channel, IMPORT, judgement, link, pairs, started } from './fixture.ts';

interface Result {
  result: string;
  type: string;
  id?: string;
  original_id?: string;
  external_ids?: string[];
  error?: unknown;
  msg?: string;
}

function byOriginal(answer: Answer): Map<string, Result> {
  assert.equal(answer.status, 200);
  const results: Result[] = answer.json.results;
  return new Map(results.map((result) => [result.original_id ?? '', result]));
}

test('10.37 bundle: created, then exists and unchanged, then mixed, links to what exists', async (t) => {
  const session = await started(t);
  const { indicator } = await channel(session);
  const first = byOriginal(await call(session, 'POST', IMPORT, pairs(5, indicator)));
  assert.equal(first.size, 10);
  assert.ok([...first.values()].every(({ result }) => result === 'created'));
  const sample = first.get('transient:j3');
  assert.deepEqual(sample, {
    id: sample?.id,
    original_id: 'transient:j3',
    result: 'created',
    type: 'judgement',
    external_ids: ['acme-judgement-3-0'],
  });
  const before = await call(session, 'GET', sample?.id ?? '');

  const changed = pairs(5, indicator);
  changed.judgements = changed.judgements.map((one) => ({ ...one, reason: 'another' }));
  const second = byOriginal(await call(session, 'POST', IMPORT, changed));
  for (const [original, { result, id }] of second) {
    assert.equal(result, 'exists');
    assert.equal(id, first.get(original)?.id);
  }
  assert.deepEqual((await call(session, 'GET', sample?.id ?? '')).json, before.json);

  const mixed = byOriginal(await call(session, 'POST', IMPORT, pairs(5, indicator, 3)));
  assert.deepEqual([mixed.get('transient:j3')?.result, mixed.get('transient:j7')?.result], ['exists', 'created']);
  const relinked = byOriginal(
    await call(session, 'POST', IMPORT, {
      source: 'acme',
      judgements: [pairs(1, indicator).judgements[0]],
      relationships: [link('transient:j0', indicator, { id: 'transient:new', external_ids: ['acme-link-0-1'] })],
    }),
  );
  const made = await call(session, 'GET', relinked.get('transient:new')?.id ?? '');
  assert.equal(made.json.source_ref, first.get('transient:j0')?.id);
});

test('bundle: results come in no order to rely on, the same for the same seed', async (t) => {
  const order = async () => {
    const session = await started(t, { seed: 7 });
    const { indicator } = await channel(session);
    const { json } = await call(session, 'POST', IMPORT, pairs(10, indicator));
    return json.results.map((result: Result) => result.original_id);
  };
  const once = await order();
  assert.deepEqual(await order(), once);
  assert.notDeepEqual([...once].sort(), once);
});

test('10.38 10.41 10.45 bundle: errors of one entity, status 200', async (t) => {
  const session = await started(t);
  const results = byOriginal(
    await call(session, 'POST', '/ctia/bundle/import', {
      source: 'acme',
      judgements: [
        judgement('a', { id: 'transient:late', valid_time: { end_time: '4242-01-01' } }),
        judgement('b', { id: 'transient:white', tlp: 'white' }),
      ],
      relationships: [link('transient:late', 'transient:nobody', { id: 'transient:l' })],
    }),
  );
  const late = results.get('transient:late');
  assert.deepEqual([late?.result, late?.id, late?.error], ['error', undefined, 'Entity validation Error']);
  assert.match(late?.msg ?? '', /failed: .*end_time/);
  assert.equal(results.get('transient:white')?.error, 'Entity Access Control validation Error');
  assert.match(String(results.get('transient:l')?.error), /^A relationship cannot be created if/);
});

test('10.39 bundle: only external ids with a given prefix count', async (t) => {
  const session = await started(t);
  const bundle = { source: 'acme', judgements: [judgement('a', { external_ids: ['acme-1', 'other-1'] })] };
  const results = async (query: string): Promise<Result[]> =>
    (await call(session, 'POST', `/ctia/bundle/import${query}`, bundle)).json.results;
  assert.deepEqual((await results('?external-key-prefixes=other-,more-'))[0]?.external_ids, ['other-1']);
  assert.equal((await results(''))[0]?.result, 'exists');
  assert.deepEqual((await results('?external-key-prefixes=none-'))[0]?.external_ids, undefined);
  // Blanks around a prefix are not its own, and every id begins with an empty one.
  assert.deepEqual((await results('?external-key-prefixes=none-,%20acme-'))[0]?.external_ids, ['acme-1']);
  assert.deepEqual((await results('?external-key-prefixes='))[0]?.external_ids, ['acme-1', 'other-1']);
  // `patch-existing` is no parameter of this API: ignored like any other.
  const [unpatched] = await results('?patch-existing=true&external-key-prefixes=acme-');
  assert.equal(unpatched?.result, 'exists');
  const other = { source: 'acme', judgements: [judgement('a', { external_ids: ['ACME-1'] })] };
  const { json } = await call(session, 'POST', '/ctia/bundle/import', other);
  assert.equal(json.results[0].result, 'created');
});

test('10.42 bundle: two entities that share an external id are both created, exact duplicates collapse', async (t) => {
  const session = await started(t);
  const twin = judgement('a', { external_ids: ['acme-1'] });
  const bundle = { source: 'acme', judgements: [twin, { ...twin }, { ...twin, reason: 'another' }] };
  const { json } = await call(session, 'POST', '/ctia/bundle/import', bundle);
  assert.equal(json.results.length, 2);
  assert.equal((await call(session, 'GET', '/ctia/judgement/external_id/acme-1')).json.length, 2);
  const again = await call(session, 'POST', '/ctia/bundle/import', { source: 'acme', judgements: [twin] });
  assert.equal(again.json.results[0].result, 'exists');
});

test('10.40 bundle and bulk: a store failure of some entities, and results left out', async (t) => {
  const on = { method: 'POST', path: /bundle\/import$/ };
  const session = await started(t, {
    faults: [
      { on, kind: 'entity-errors', every: 2, type: 'judgement' },
      { on, kind: 'short', drop: 3 },
    ],
  });
  const { indicator } = await channel(session);
  const results = byOriginal(await call(session, 'POST', IMPORT, pairs(4, indicator)));
  assert.deepEqual(results.get('transient:j1')?.error, { type: 'es_rejected_execution_exception' });
  assert.equal(results.get('transient:j0')?.result, 'created');
  assert.match(String(results.get('transient:l1')?.error), /still a transient ID/);
  const short = await call(session, 'POST', IMPORT, pairs(4, indicator, 10));
  assert.equal(short.json.results.length, 5);
  assert.equal((await call(session, 'GET', '/ctia/judgement/external_id/acme-owned')).json.length, 6);
  session.server.faults.push(
    { on: { path: /bulk$/, method: 'POST' }, kind: 'short', drop: 1 },
    { on: { path: /bulk$/, method: 'PUT' }, kind: 'entity-errors', every: 2 },
  );
  const posted = await call(session, 'POST', '/ctia/bulk', { judgements: [judgement('a'), judgement('b')] });
  assert.equal(posted.json.judgements.length, 1);
  const { json: all } = await call(session, 'GET', '/ctia/judgement/external_id/acme-owned');
  const put = await call(session, 'PUT', '/ctia/bulk', { judgements: all });
  assert.equal(put.json.judgements.updated.length, 3);
  assert.equal(put.json.judgements.errors['internal-error'].length, 3);
});

test('10.50 bundle: UTF-8 round trip', async (t) => {
  const session = await started(t);
  const title = 'قائمة — 阻止列表 — 🚫';
  const { json } = await call(session, 'POST', '/ctia/bundle/import', {
    source: 'acme',
    indicators: [{ producer: 'ä', title }],
  });
  assert.equal((await call(session, 'GET', json.results[0].id)).json.title, title);
});

test('bundle: what it takes and ignores, and what it refuses', async (t) => {
  const session = await started(t);
  const ignored = await call(session, 'POST', '/ctia/bundle/import', {
    type: 'bundle',
    source: 'acme',
    title: 'acme',
    valid_time: { start_time: '2026-01-01' },
    verdicts: [{ type: 'verdict', disposition: 2, observable: { type: 'ip', value: '198.51.100.7' }, valid_time: {} }],
    judgement_refs: ['x'],
  });
  assert.deepEqual(ignored.json, { results: [] });
  const refused = await call(session, 'POST', '/ctia/bundle/import', { feeds: [], casebooks: [], investigations: [] });
  assert.deepEqual(refused.json.errors, {
    source: 'missing-required-key',
    ...{ feeds: 'disallowed-key', casebooks: 'disallowed-key', investigations: 'disallowed-key' },
  });
  const verdicts = [{ type: 'verdict', disposition: 6, observable: { type: 'ip', value: 'a' }, valid_time: {} }];
  const bad = await call(session, 'POST', '/ctia/bundle/import', { source: 'acme', verdicts });
  assert.deepEqual(Object.keys(bad.json.errors.verdicts[0]), ['disposition']);
});

test('bundle: exact duplicates collapse, whatever the order of their keys; what differs is created', async (t) => {
  const session = await started(t);
  const { json } = await call(session, 'POST', '/ctia/bundle/import', {
    source: 'acme',
    tools: [
      { title: 'nmap', tool_version: '7.95', labels: ['scan'] },
      { labels: ['scan'], tool_version: '7.95', title: 'nmap' },
      { title: 'nmap', tool_version: '7.94', labels: ['scan'] },
    ],
  });
  assert.deepEqual(
    json.results.map(({ type, result }: { type: string; result: string }) => [type, result]),
    [
      ['tool', 'created'],
      ['tool', 'created'],
    ],
  );
});
