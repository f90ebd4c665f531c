import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../../src/embedded-ctia/kinds.ts';
import { makeRandom } from '../../src/embedded-ctia/random.ts';
import { ENTITIES } from './entities.ts';
import { call, started } from './fixture.ts';

/**
 * Requests that are nearly right. Whatever they are answered, it is an answer for the one who sent them and not the 500 of
 * something that nobody thought of; and afterwards everything that was stored can be read and counted.
 */
const SEED = 7;
const REQUESTS = 400;

const ODD: readonly unknown[] = [
  ...[null, '', ' ', '\u0000', 'x'.repeat(3000), -1, 0, 1.5, 1e300, true, [], {}, [null], [[]], { a: 1 }],
  ...['2026-01-01', '99999-01-01', '1900', 'http://', 'transient:x', '%', '"', '\\', '💥'],
  'judgement-00000000-0000-4000-8000-000000000000',
];
/** These have the most to go wrong. */
const COUNTED = KINDS.filter(({ metrics }) => metrics !== undefined);
const FIELDS = ['foo', 'id', 'tlp', 'type', 'external_ids', 'valid_time', 'source_ref', 'observables', 'timestamp'];
const PARAMETERS = [
  ...['query', 'simple_query', 'from', 'to', 'sort_by', 'sort_order', 'limit', 'offset', 'search_after', 'fields'],
  ...['search_fields', 'id', 'tlp', 'source', 'aggregate-on', 'granularity', 'wait_for', 'reason', 'severity'],
];
const VALUES = [
  ...['a', '*', 'title:x', '"a', 'a OR b', '(a', '[1 TO 2]', 'x:[* TO now]', 'title:"a b"', '2026-01-01', 'id', 'asc'],
  ...['created:desc', '1', '-1', '0', '10001', 'green', 'priority', 'timestamp', 'day', 'true', 'title', '-a', '*:*'],
  ...['a~2', '"a b"~3', 'created:>now-1d', '_exists_:title', '\u0000', '💥', 'id:*', 'observable.type', '🙂:a'],
];

test('no request that is nearly right is answered with a 500, and what it left behind can be read', async (t) => {
  const session = await started(t);
  const random = makeRandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T | undefined => items[below(items.length)];
  const ids: string[] = [];

  function mutated(value: unknown): unknown {
    if (below(12) === 0) return pick(ODD);
    if (Array.isArray(value)) return [...value.map(mutated), ...(below(8) === 0 ? [pick(ODD)] : [])];
    if (typeof value !== 'object' || value === null) return value;
    const kept = Object.entries(value).filter(() => below(20) > 0);
    const more = below(15) === 0 ? [[pick(FIELDS) ?? '', pick(ODD)]] : [];
    return Object.fromEntries([...kept.map(([key, item]) => [key, mutated(item)]), ...more]);
  }
  const query = () =>
    Array.from({ length: below(4) }, () => `${pick(PARAMETERS)}=${encodeURIComponent(pick(VALUES) ?? '')}`).join('&');

  function request(): [method: string, path: string, body?: unknown] {
    const { name, plural } = pick([...KINDS, ...COUNTED, ...COUNTED]) ?? { name: 'judgement', plural: 'judgements' };
    const whole = ENTITIES[plural] ?? { feed_type: 'indicator', output: 'observables' };
    const one = pick(ids) ?? '/ctia/judgement/none';
    const found = [
      ...['search?', 'search/count?', 'external_id/a?', 'metric/topn?aggregate-on=source&from=2026&'],
      'metric/histogram?aggregate-on=timestamp&from=2026&granularity=week&',
    ];
    const about = ['verdict', 'judgements', 'sightings', 'judgements/indicators', 'sightings/incidents'];
    const operations = [
      { status: 'Open' },
      { casebook_id: one },
      { operation: 'add', texts: [{ type: 'a', text: 'b' }] },
    ];
    const forms: readonly (() => [string, string, unknown?])[] = [
      () => ['POST', `/ctia/${name}`, mutated(whole)],
      () => ['POST', '/ctia/bulk', { [plural]: [mutated(whole), whole] }],
      () => [
        'POST',
        '/ctia/bundle/import',
        { source: 'a', [plural]: [mutated({ ...whole, external_ids: ['a'] }), whole] },
      ],
      () => ['PUT', '/ctia/bulk', { [plural]: [{ ...Object(mutated(whole)), id: one }] }],
      () => ['PUT', one, mutated(whole)],
      () => ['PATCH', one, mutated(whole)],
      () => ['DELETE', '/ctia/bulk', mutated({ [plural]: [one] })],
      () => ['GET', `/ctia/${name}/${pick(found)}${query()}`],
      () => ['GET', `/ctia/${name}/${pick(found)}`.replace(/[?&]$/, '')],
      () => ['GET', `/ctia/ip/${encodeURIComponent(pick(VALUES) ?? '')}/${pick(about)}?${query()}`],
      () => ['POST', `${one}/${pick(['expire', 'status', 'link', 'texts'])}?${query()}`, mutated(pick(operations))],
      () => ['DELETE', `/ctia/${name}/search?${query()}`],
    ];
    return (pick(forms) ?? (() => ['GET', '/ctia/status']))();
  }

  const statuses = new Set<number>();
  for (let i = 0; i < REQUESTS; i += 1) {
    const [method, path, body] = request();
    const { status, json, text } = await call(session, method, path, body);
    assert.ok(status < 500, `seed ${SEED}, request ${i}: ${method} ${path} ${JSON.stringify(body)} → ${text}`);
    statuses.add(status);
    if (status === 201 && typeof json?.id === 'string') ids.push(json.id);
  }
  for (const status of [200, 201, 400, 403, 404]) assert.ok(statuses.has(status), `no ${status} among them`);
  for (const { name } of KINDS) {
    const found = await call(session, 'GET', `/ctia/${name}/search?limit=1000&sort_by=id`);
    const count = await call(session, 'GET', `/ctia/${name}/search/count`);
    assert.equal(String(found.json.length), count.text, name);
    for (const { id } of found.json) assert.equal((await call(session, 'GET', id)).status, 200, id);
  }
});
