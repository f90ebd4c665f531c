import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgementIds, linkIds } from '../../src/ctim/external-id.ts';
import { DAY, entryOf, h } from '../plan/situation.ts';
import { makeJudgement, makeLink } from './foreign.ts';
import {
  asked,
  assertSettled,
  assertVerified,
  externalIds,
  isOurs,
  type Json,
  judgementOn,
  pathOf,
  type Tenant,
  tenant,
} from './tenant.ts';

/** The rows of writes.md §5 for bundle import. What an earlier request made is laid there before the run, behind its plan. */
const LISTS = 'tor 198.51.100.7\ntor 198.51.100.8';
const IMPORT = 'POST /ctia/bundle/import';
const H = h(entryOf('tor 198.51.100.7'));

/** Ours, as an earlier request of the same login would have made it, after the run has read what there is. */
async function before(world: Tenant, make: (indicator: string) => Promise<void>): Promise<void> {
  await world.sync('tor 198.51.100.8');
  const indicator = (await world.all('indicator')).find((it) => it.title === 'Secure_Firewall_SecureX_Indicator_IPv4');
  assert.ok(indicator);
  world.intercept = async (request, send) => {
    if (request.url.includes('/bundle/import')) {
      world.intercept = undefined;
      await make(indicator.id);
    }
    return send(request);
  };
}

const JUDGEMENT = {
  external_ids: judgementIds('acme', { h: H, g: 0 }, false),
  source: 'acme lists',
  severity: 'Medium',
  external_references: [{ source_name: 'acme/tor', external_id: 'old:feeds/tor.yaml:1', description: 'lifetime 7d' }],
  valid_time: { start_time: '2026-11-24T02:00:00.000Z', end_time: '2026-12-01T02:00:00.000Z' },
};
const LINK = { external_ids: linkIds('acme', { h: H, g: 0 }) };

async function settled(world: Tenant): Promise<Json> {
  assert.equal(await world.view(), '198.51.100.7\n198.51.100.8');
  await assertSettled(world, LISTS);
  return judgementOn(world, '198.51.100.7');
}

test('§5 import: created → one request, nothing is read back', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, IMPORT), 1);
  assert.equal(asked(world, 'GET /ctia/bulk'), 0);
  await settled(world);
});

test('§5 import: exists, live and the same → taken as it is', async (t) => {
  const world = await tenant(t);
  await before(world, async (indicator) => {
    const { id } = await makeJudgement(world.call, '198.51.100.7', JUDGEMENT);
    await makeLink(world.call, id, indicator, LINK);
  });
  world.server.requests.reset();
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, 'PUT /ctia/bulk'), 0);
  const { external_references: references } = await settled(world);
  assert.deepEqual(references, JUDGEMENT.external_references);
});

test('T19 §5 import: exists but dead → revived by bulk PUT', async (t) => {
  const world = await tenant(t);
  await before(world, async (indicator) => {
    const validTime = { start_time: '2026-11-20T02:00:00.000Z', end_time: '2026-11-21T02:00:00.000Z' };
    const { id } = await makeJudgement(world.call, '198.51.100.7', { ...JUDGEMENT, valid_time: validTime });
    await makeLink(world.call, id, indicator, LINK);
  });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, 'PUT /ctia/bulk'), 1);
  const revived = await settled(world);
  assert.match((revived.valid_time as { start_time: string }).start_time, /^2026-11-25T01:55/);
});

test('§5 import: exists with other words → bulk PUT; it keeps its start', async (t) => {
  const world = await tenant(t);
  await before(world, async (indicator) => {
    const { id } = await makeJudgement(world.call, '198.51.100.7', {
      ...JUDGEMENT,
      reason: 'another',
      severity: 'Low',
    });
    await makeLink(world.call, id, indicator, LINK);
  });
  assertVerified(await world.sync(LISTS));
  const { reason, severity, valid_time: validTime } = await settled(world);
  assert.deepEqual([reason, severity], [undefined, 'Medium']);
  assert.equal((validTime as { start_time: string }).start_time, '2026-11-24T02:00:00.000Z');
});

test('§5 import: exists with another value → bulk PUT', async (t) => {
  const world = await tenant(t);
  await before(world, async (indicator) => {
    const { id } = await makeJudgement(world.call, '8.8.8.8', JUDGEMENT);
    await makeLink(world.call, id, indicator, LINK);
  });
  assertVerified(await world.sync(LISTS));
  await settled(world);
});

for (const [name, more] of [
  ['to run out once, which its list does not say', { external_ids: judgementIds('acme', { h: H, g: 0 }, true) }],
  ['to begin later', { valid_time: { start_time: '2026-11-27T02:00:00.000Z', end_time: '2026-12-01T02:00:00.000Z' } }],
  ['to end soon', { valid_time: { start_time: '2026-11-24T02:00:00.000Z', end_time: '2026-11-26T02:00:00.000Z' } }],
] as const) {
  test(`§5 import: exists, ${name} → bulk PUT`, async (t) => {
    const world = await tenant(t);
    await before(world, async (indicator) => {
      const { id } = await makeJudgement(world.call, '198.51.100.7', { ...JUDGEMENT, ...more });
      await makeLink(world.call, id, indicator, LINK);
    });
    world.server.requests.reset();
    const report = await world.sync(LISTS);
    assertVerified(report);
    assert.equal(asked(world, 'PUT /ctia/bulk'), 1);
    assert.deepEqual([report.counts.create, report.counts.change], [1, 0], 'at once, and not by a second plan');
    const { external_ids: ids } = await settled(world);
    assert.deepEqual(ids, JUDGEMENT.external_ids);
  });
}

test('§5 import: exists without its link → the link is made', async (t) => {
  const world = await tenant(t);
  await before(world, async () => void (await makeJudgement(world.call, '198.51.100.7', JUDGEMENT)));
  assertVerified(await world.sync(LISTS));
  await settled(world);
  assert.equal((await world.all('relationship')).length, 2);
});

for (const [name, retarget] of [
  [
    'dangles after a deletion',
    (indicator: string) => [
      'http://127.0.0.1/ctia/judgement/judgement-00000000-0000-4000-8000-000000000000',
      indicator,
    ],
  ],
  [
    'leads to another indicator',
    (_: string, judgement: string) => [
      judgement,
      'http://127.0.0.1/ctia/indicator/indicator-00000000-0000-4000-8000-000000000000',
    ],
  ],
] as const) {
  test(`§5 import: exists, and its link ${name} → link g + 1`, async (t) => {
    const world = await tenant(t);
    await before(world, async (indicator) => {
      const { id } = await makeJudgement(world.call, '198.51.100.7', JUDGEMENT);
      const [source = '', target = ''] = retarget(indicator, id);
      await makeLink(world.call, source, target, LINK);
    });
    const report = await world.sync(LISTS);
    assertVerified(report);
    assert.deepEqual([report.counts.create, report.counts.link], [1, 0], 'at once, and not by a second plan');
    const ids = (await world.all('relationship')).flatMap(externalIds);
    assert.ok(ids.includes(`acme-link-${H}-1`));
    assert.equal((await world.all('judgement')).filter(isOurs).length, 2);
    // The wrong one goes with the next run, which sees it.
    assertVerified(await world.sync(LISTS));
    await settled(world);
  });
}

test('§5 import: exists, and its link is of another type → link g + 1', async (t) => {
  const world = await tenant(t);
  await before(world, async (indicator) => {
    const { id } = await makeJudgement(world.call, '198.51.100.7', JUDGEMENT);
    await makeLink(world.call, id, indicator, { ...LINK, relationship_type: 'based-on' });
  });
  assertVerified(await world.sync(LISTS));
  await settled(world);
});

test('T37 §5 import: error on a judgement (spec) → a problem of that entry with its line, the rest goes on', async (t) => {
  const world = await tenant(t);
  const report = await world.sync(`${LISTS}\nmanual 203.0.113.9 reason=${'x'.repeat(1025)}`);
  assert.equal(report.result, 'not-verified');
  assert.equal(await world.view(), '198.51.100.7\n198.51.100.8');
  const [failure, ...more] = report.failures;
  assert.equal(more.length, 0);
  assert.deepEqual([failure?.kind, failure?.position], ['entry', { file: 'feeds/manual.yaml', line: 12, column: 5 }]);
  assert.match(failure?.message ?? '', /^ip 203\.0\.113\.9: Entity validation Error/);
  assert.equal(asked(world, IMPORT), 1, 'what is wrong is not tried again');
});

test('§5 import: error on a judgement that is the store’s own trouble → the same pair again', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'entity-errors', every: 2, type: 'judgement' });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, IMPORT), 2);
  await settled(world);
});

test('§5 import: error on a link, its judgement created → the same pair again, which makes the link', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'entity-errors', every: 2, type: 'relationship' });
  assertVerified(await world.sync(LISTS));
  assert.equal(asked(world, IMPORT), 2);
  assert.equal((await world.all('judgement')).length, 2);
  await settled(world);
});

for (const drop of [1, 2, 3, 4]) {
  test(`§5 import: ${drop} of 4 entities without a result → unknown, the same pairs again after the refresh`, async (t) => {
    const world = await tenant(t);
    world.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'short', drop });
    assertVerified(await world.sync(LISTS));
    assert.equal(asked(world, IMPORT), 2);
    assert.ok(world.time.slept.includes(2000));
    assert.equal((await world.all('judgement')).length, 2);
    assert.equal((await world.all('relationship')).length, 2);
    await settled(world);
  });
}

test('§5 import: no result again and again → unknown, named, and the next run finds what is there', async (t) => {
  const world = await tenant(t);
  world.server.faults.push({ on: { path: /bundle\/import/ }, kind: 'short', drop: 4, times: 4 });
  const report = await world.sync(LISTS);
  assert.deepEqual(
    report.failures.map(({ kind }) => kind),
    ['unknown', 'unknown'],
  );
  assert.equal(asked(world, IMPORT), 4);
  assert.equal((await world.all('judgement')).length, 2);
  await settled(world);
});

test('§5 import: an entry that ended as once and is dead is not revived while its list says the same', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync('tor 198.51.100.7 once=+3d\ntor 198.51.100.8'));
  world.time.step(4 * DAY);
  await world.sync('tor 198.51.100.8');
  assert.equal(await world.view(), '198.51.100.8');
  const { external_ids: ids } = (await world.call('GET', pathOf((await judgementOn(world, '198.51.100.7')).id))).json;
  assert.ok((ids as string[]).includes(`acme-once-${H}`));
});

for (const names of [true, false]) {
  test(`§5 import: exists, and a 400 at its repair that ${names ? 'names it' : 'names none'} → that one anew with g + 1, the rest in place`, async (t) => {
    const world = await tenant(t);
    const lists = `${LISTS}\ntor 198.51.100.9`;
    const H9 = h(entryOf('tor 198.51.100.9'));
    let bad = '';
    await before(world, async (indicator) => {
      for (const [of, value] of [
        [H, '198.51.100.7'],
        [H9, '198.51.100.9'],
      ] as const) {
        const ids = judgementIds('acme', { h: of, g: 0 }, false);
        const { id } = await makeJudgement(world.call, value, { ...JUDGEMENT, external_ids: ids, reason: 'another' });
        await makeLink(world.call, id, indicator, { external_ids: linkIds('acme', { h: of, g: 0 }) });
        if (of === H) bad = id;
      }
      world.intercept = async (request, send) => {
        if (request.method !== 'PUT' || !String(request.body).includes(bad)) return send(request);
        const entity = { id: bad };
        return {
          status: 400,
          headers: {},
          text: JSON.stringify({ error: 'Spec Validation', ...(names && { entity }) }),
        };
      };
    });
    const report = await world.sync(lists);
    assertVerified(report);
    assert.equal(await world.view(), '198.51.100.7\n198.51.100.8\n198.51.100.9');
    const live = (await world.all('judgement')).filter((it) => isOurs(it)).map((it) => externalIds(it)[0]);
    assert.ok(live.includes(`acme-judgement-${H}-1`), 'made anew');
    assert.ok(!live.includes(`acme-judgement-${H9}-1`), 'the other one in place');
  });
}
