import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../src/ctim/entry.ts';
import { BULK_KINDS } from '../../src/embedded-ctia/kinds.ts';
import { DAY, entryOf, linesOf } from '../plan/situation.ts';
import { type Call, makeJudgement, makeLink } from './foreign.ts';
import {
  asked,
  assertVerified,
  BLOCK,
  externalIds,
  isLive,
  isOurs,
  type Json,
  judgementOn,
  ORG,
  pathOf,
  REPOSITORY,
  resultOf,
  type Tenant,
  tenant,
  type Wish,
} from './tenant.ts';

const KEPT = 'manual 203.0.113.1';

/** As workflow 0015B leaves them: Unknown, for ever, and first in every verdict. */
const byWorkflow = (call: Call, value: string, more: object = {}) =>
  makeJudgement(call, value, {
    ...{ source: 'securex-orchestration', disposition: 5, disposition_name: 'Unknown', priority: 95 },
    ...{ severity: 'Medium', confidence: 'High', reason: 'added by an analyst' },
    valid_time: { start_time: '2025-03-01T08:00:00.000Z', end_time: '2525-01-01T00:00:00.000Z' },
    ...more,
  });

/** As the old scripts import them. */
const byScript = (call: Call, value: string, more: object = {}) =>
  makeJudgement(call, value, {
    ...{ source: 'XDR Demo', external_ids: [`xdr-automation-judgment-${value}`], tlp: 'amber' },
    external_references: [{ source_name: 'XDR Demo', external_id: 'run-7' }],
    ...more,
  });

interface Adopting {
  readonly world: Tenant;
  readonly target: string;
  /** Our entries: `tor 198.51.100.7 adopt=<id>`, several ids joined by commas. */
  sync(lists: string, wish?: Wish): ReturnType<Tenant['sync']>;
  audit(lists: string): ReturnType<Tenant['audit']>;
  foreign(): Promise<Json[]>;
}

/** A tenant that one of our lists is published to already; between any two requests the values asked for are in the view. */
async function adopting(t: Parameters<typeof tenant>[0]): Promise<Adopting> {
  const world = await tenant(t);
  assertVerified(await world.sync(KEPT));
  const target = String(
    (await world.all('indicator')).find((it) => it.title === BLOCK.titles.get('ip')?.indicator)?.id,
  );
  const wishFor = (lists: string, wish: Wish = {}): Wish => {
    const entries = linesOf(lists).map((line): Entry => {
      const [, ids] = /adopt=(\S+)/.exec(line) ?? [];
      const entry = entryOf(line.replace(/ adopt=\S+/, ''));
      return ids === undefined ? entry : { ...entry, adopt: ids.split(',').map(shortId) };
    });
    const desired = {
      ...{ entries, problems: 0, channels: [BLOCK], revision: '4f2a9c1', repository: REPOSITORY },
      lists: new Set(['tor', 'manual']),
    };
    return { rights: world.rights, readDesired: async () => desired, ...wish };
  };
  return {
    world,
    target,
    sync: (lists, wish) => world.sync('', wishFor(lists, wish)),
    audit: (lists) => world.audit('', wishFor(lists)),
    foreign: async () =>
      [...(await world.all('judgement')), ...(await world.all('relationship'))].filter((it) => !isOurs(it)),
  };
}

function shortId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** After each request that reaches the server: what the next one finds. */
function watch(world: Tenant, values: readonly string[]): { looks: number } {
  const seen = { looks: 0 };
  const look = async (when: string) => {
    const view = (await world.view()).split('\n');
    for (const value of values) assert.ok(view.includes(value), `${value} is not in the feed ${when}`);
    seen.looks += 1;
  };
  world.intercept = async (request, send) => {
    const answer = await send(request);
    await look(`after ${request.method} ${request.url}`);
    return answer;
  };
  return seen;
}

async function assertAtRest({ sync }: Adopting, lists: string): Promise<void> {
  const report = await sync(lists);
  assertVerified(report);
  assert.deepEqual(
    Object.entries(report.counts).filter(([, count]) => count > 0),
    [],
  );
  assert.equal(report.requests.mutating, 0);
  assert.deepEqual(
    report.notices.filter((it) => it.includes('adopt:')),
    [],
  );
}

test('what workflow, scripts and hands made becomes ours in place, finite, and never leaves the feed', async (t) => {
  const it = await adopting(t);
  const { world, target } = it;
  const [workflow, script, hand, unnamed] = [
    await byWorkflow(world.call, '198.51.100.1'),
    await byScript(world.call, '198.51.100.2'),
    await makeJudgement(world.call, '198.51.100.3', { source: 'an analyst' }),
    await byWorkflow(world.call, '198.51.100.4'),
  ];
  for (const { id } of [workflow, script, hand, unnamed]) await makeLink(world.call, id, target);
  const links = (await world.all('relationship')).map(({ id }) => id);
  const other = (await it.foreign()).filter((one) => [one.id, one.source_ref].includes(unnamed.id));
  assert.equal(other.length, 2);

  const lists = `${KEPT}\ntor 198.51.100.1 adopt=${workflow.id}\ntor 198.51.100.2 adopt=${shortId(script.id)}\ntor 198.51.100.3 adopt=${hand.id}`;
  const drift = await it.audit(lists);
  assert.equal(drift.counts.adopt, 3);
  const seen = watch(world, ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4']);
  world.server.requests.reset();
  const report = await it.sync(lists);
  assertVerified(report);
  assert.deepEqual([report.counts.adopt, report.counts.create], [3, 0]);
  assert.ok(seen.looks > 4);
  assert.deepEqual([asked(world, 'PUT /ctia/bulk'), asked(world, 'POST /ctia/bundle/import')], [2, 0]);
  await assertAtRest(it, lists);
  world.intercept = undefined;

  assert.deepEqual(await it.foreign(), other, 'what no entry names is as it was, whole documents');
  assert.deepEqual(
    (await world.all('relationship')).map(({ id }) => id),
    links,
    'no link came or went',
  );
  const { json } = await world.call('GET', pathOf(workflow.id));
  const { start_time, end_time } = json.valid_time as { start_time: string; end_time: string };
  assert.equal(start_time, '2025-03-01T08:00:00.000Z');
  assert.ok(Date.parse(end_time) < world.time.serverClock.now() + 8 * DAY);
  assert.deepEqual([json.disposition, json.source], [2, 'acme lists']);
  const adopted = (await world.call('GET', pathOf(script.id))).json;
  assert.ok(!externalIds(adopted).some((id) => id.startsWith('xdr-')));
  assert.deepEqual(
    (adopted.external_references as { external_id: string }[]).map(({ external_id }) => external_id),
    ['4f2a9c1:feeds/tor.yaml:12', 'xdr-automation-judgment-198.51.100.2', 'run-7'],
  );
});

test('what was adopted is renewed, keeps saying what it was, and leaves when its list drops it', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const { id } = await byScript(world.call, '198.51.100.2');
  await makeLink(world.call, id, target);
  const lists = `${KEPT}\ntor 198.51.100.2 adopt=${id}`;
  assertVerified(await sync(lists));
  for (let days = 0; days < 12; days += 4) {
    world.time.step(4 * DAY);
    assertVerified(await sync(lists));
    assert.match(await world.view(), /198\.51\.100\.2/);
  }
  assertVerified(await sync(lists.replace('198.51.100.2', '198.51.100.2 reason=scanner')));
  const { json } = await world.call('GET', pathOf(id));
  assert.equal(json.reason, 'scanner');
  assert.equal((json.external_references as object[]).length, 3);
  assertVerified(await sync(KEPT));
  assert.equal(await world.view(), '203.0.113.1');
  await assertAtRest(it, KEPT);
});

test('several of one observable: one goes on, the others end in the same run, and one is never missing', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const those = [
    await byScript(world.call, '198.51.100.2'),
    await byScript(world.call, '198.51.100.2', { external_ids: ['xdr-automation-judgment-again'] }),
    await byWorkflow(world.call, '198.51.100.2'),
  ];
  for (const { id } of those.slice(1)) await makeLink(world.call, id, target);
  const lists = `${KEPT}\ntor 198.51.100.2 adopt=${those.map(({ id }) => id).join(',')}`;
  watch(world, ['198.51.100.2']);
  const report = await sync(lists);
  assertVerified(report);
  assert.equal(report.counts.adopt, 1);
  await assertAtRest(it, lists);
  world.intercept = undefined;
  assert.deepEqual(await it.foreign(), []);
  const now = world.time.serverClock.now();
  const all = (await world.all('judgement')).filter((one) => those.some(({ id }) => id === one.id));
  const told = all.map((one) => `g${externalIds(one)[0]?.split('-').at(-1)} ${isLive(one, now) ? 'live' : 'dead'}`);
  assert.deepEqual(told.sort(), ['g0 live', 'g1 dead', 'g2 dead']);
});

test('a judgement that was in no feed gets its link, and enters', async (t) => {
  const it = await adopting(t);
  const { world, sync } = it;
  const { id } = await byWorkflow(world.call, '198.51.100.2');
  const lists = `${KEPT}\ntor 198.51.100.2 adopt=${id}`;
  assertVerified(await sync(lists));
  assert.equal((await judgementOn(world, '198.51.100.2')).id, id);
  assert.match(await world.view(), /198\.51\.100\.2/);
  await assertAtRest(it, lists);
});

test('an entry that has a judgement of ours: theirs ends, ours stays', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  assertVerified(await sync(`${KEPT}\ntor 198.51.100.2`));
  const ours = await judgementOn(world, '198.51.100.2');
  const { id } = await byWorkflow(world.call, '198.51.100.2');
  await makeLink(world.call, id, target);
  watch(world, ['198.51.100.2']);
  const lists = `${KEPT}\ntor 198.51.100.2 adopt=${id}`;
  assertVerified(await sync(lists));
  await assertAtRest(it, lists);
  const now = world.time.serverClock.now();
  world.intercept = undefined;
  assert.ok(!isLive((await world.call('GET', pathOf(id))).json, now));
  assert.deepEqual((await world.call('GET', pathOf(ours.id))).json, ours);
  assertVerified(await sync(KEPT));
  assert.equal(await world.view(), '203.0.113.1');
});

test('gone, ended, another organisation’s, on another observable: the entry gets one of its own, and a notice says why', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const other = await world.as({ login: 'elsewhere', org: 'other-org' });
  const gone = await byWorkflow(world.call, '198.51.100.1');
  await world.call('DELETE', `${pathOf(gone.id)}?wait_for=true`);
  const ended = await makeJudgement(world.call, '198.51.100.2', {
    valid_time: { start_time: '2025-01-01T00:00:00.000Z', end_time: '2025-02-01T00:00:00.000Z' },
  });
  const theirs = await makeJudgement(other, '198.51.100.3', { tlp: 'green' });
  const elsewhere = await byWorkflow(world.call, '198.51.100.44');
  await makeLink(world.call, elsewhere.id, target);
  const before = await it.foreign();
  const lists = [gone, ended, theirs, elsewhere].map(({ id }, n) => `tor 198.51.100.${n + 1} adopt=${id}`).join('\n');
  const report = await sync(`${KEPT}\n${lists}`);
  assertVerified(report);
  assert.deepEqual([report.counts.adopt, report.counts.create], [0, 4]);
  const notices = report.notices.filter((notice) => notice.includes('adopt:'));
  for (const [n, why] of [
    /is gone/,
    /not valid now/,
    /another organisation/,
    /stands on ip "198\.51\.100\.44"/,
  ].entries())
    assert.match(notices[n] ?? '', why);
  assert.match(notices[0] ?? '', /^feeds\/tor\.yaml:12 adopt: judgement-\S+ .*a judgement of its own$/);
  assert.deepEqual(await it.foreign(), before);
  await assertAtRest(it, `${KEPT}\n${lists}`);
});

test('deleted between plan and write: the entry is made anew in the same run', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const { id } = await byWorkflow(world.call, '198.51.100.2');
  await makeLink(world.call, id, target);
  world.intercept = async (request, send) => {
    if (request.method === 'PUT') await world.call('DELETE', `${pathOf(id)}?wait_for=true`);
    return send(request);
  };
  const lists = `${KEPT}\ntor 198.51.100.2 adopt=${id}`;
  assertVerified(await sync(lists));
  world.intercept = undefined;
  assert.match(await world.view(), /198\.51\.100\.2/);
  await assertAtRest(it, lists);
});

for (const dies of [1, 2]) {
  test(`a run that dies after ${dies} of two writes: the next one goes on, no link is doubled, no value missing`, async (t) => {
    const it = await adopting(t);
    const { world, target, sync } = it;
    const { id } = await byWorkflow(world.call, '198.51.100.2');
    await makeLink(world.call, id, target);
    const links = (await world.all('relationship')).length;
    const lists = `${KEPT}\ntor 198.51.100.2 adopt=${id}`;
    let writes = 0;
    world.intercept = async (request, send) => {
      if (writes >= dies) throw new Error('killed');
      const answer = await send(request);
      if (request.method === 'PUT') writes += 1;
      return answer;
    };
    await assert.rejects(sync(lists), /killed/);
    watch(world, ['198.51.100.2']);
    assertVerified(await sync(lists));
    await assertAtRest(it, lists);
    world.intercept = undefined;
    assert.equal((await world.all('relationship')).length, links);
    assert.deepEqual(await it.foreign(), []);
  });
}

test('an answer that tells of nothing: the same goes again, and what is ours by then is not doubled', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const { id } = await byWorkflow(world.call, '198.51.100.2');
  await makeLink(world.call, id, target);
  let left = 2;
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (request.method !== 'PUT' || left-- <= 0) return answer;
    return { ...answer, text: '{}' };
  };
  const lists = `${KEPT}\ntor 198.51.100.2 adopt=${id}`;
  assertVerified(await sync(lists));
  world.intercept = undefined;
  await assertAtRest(it, lists);
  assert.equal((await world.all('judgement')).length, 2);
});

test('a judgement that we may not write: its entry fails by name, the others are adopted', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const [one, two] = [await byWorkflow(world.call, '198.51.100.1'), await byWorkflow(world.call, '198.51.100.2')];
  for (const { id } of [one, two]) await makeLink(world.call, id, target);
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (request.method !== 'PUT' || !request.body?.toString().includes('"judgements"')) return answer;
    const body = JSON.parse(answer.text);
    return {
      ...answer,
      text: JSON.stringify({ ...body, judgements: { updated: [two.id], errors: { forbidden: [one.id] } } }),
    };
  };
  const report = await sync(`${KEPT}\ntor 198.51.100.1 adopt=${one.id}\ntor 198.51.100.2 adopt=${two.id}`);
  assert.equal(report.result, 'not-verified', resultOf(report));
  assert.deepEqual(
    report.failures.map(({ kind, message }) => [kind, message.includes('198.51.100.1: not adopted')]),
    [['forbidden', true]],
  );
});

test('where nothing may be replaced ours is made, known live, and theirs ended one by one', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const [one, two] = [await byWorkflow(world.call, '198.51.100.1'), await byScript(world.call, '198.51.100.1')];
  for (const { id } of [one, two]) await makeLink(world.call, id, target);
  lessRights(world);
  watch(world, ['198.51.100.1']);
  const lists = `${KEPT}\ntor 198.51.100.1 adopt=${one.id},${two.id}`;
  const report = await sync(lists);
  assertVerified(report);
  assert.match(report.notices.join('\n'), /adopted is made anew.*lacks the scopes private-intel, asset, casebook/);
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 2);
  assert.equal(asked(world, 'POST /ctia/bundle/import'), 1);
  await assertAtRest(it, lists);
  world.intercept = undefined;
  const now = world.time.serverClock.now();
  const live = (await world.all('judgement')).filter((json) => isLive(json, now));
  assert.deepEqual(live.map(isOurs), [true, true]);
});

test('a run that dies before theirs was ended: ours stands, theirs ends with the next one', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const { id } = await byWorkflow(world.call, '198.51.100.1');
  await makeLink(world.call, id, target);
  lessRights(world);
  const lists = `${KEPT}\ntor 198.51.100.1 adopt=${id}`;
  world.intercept = async (request, send) => {
    if (request.url.includes('/expire')) throw new Error('killed');
    return send(request);
  };
  await assert.rejects(sync(lists), /killed/);
  watch(world, ['198.51.100.1']);
  assertVerified(await sync(lists));
  assert.equal(asked(world, 'POST /ctia/judgement/:id/expire'), 1);
  await assertAtRest(it, lists);
});

test('many at once: links are read by indicator, and all of it is four reads and two writes', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const made: Json[] = [];
  for (let n = 1; n <= 30; n += 1) {
    const judgement = await byWorkflow(world.call, `198.51.100.${n}`);
    made.push(judgement);
    await makeLink(world.call, judgement.id, target);
  }
  const lists = [KEPT, ...made.map(({ id }, n) => `tor 198.51.100.${n + 1} adopt=${id}`)].join('\n');
  world.server.requests.reset();
  const report = await sync(lists);
  assertVerified(report);
  assert.equal(report.counts.adopt, 30);
  assert.deepEqual([asked(world, 'GET /ctia/bulk'), asked(world, 'PUT /ctia/bulk')], [1, 2]);
  assert.ok(asked(world, 'GET /ctia/relationship/search') <= 2);
  await assertAtRest(it, lists);
  assert.equal((await world.all('judgement')).filter(isOurs).length, 31);
  assert.ok((await world.all('judgement')).every((json) => (json.groups as string[]).includes(ORG)));
});

test('another tlp, another spelling: the links never show more than the judgement, and the view is read all the while', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const green = await byWorkflow(world.call, '198.51.100.1', { tlp: 'green' });
  await makeLink(world.call, green.id, target, { tlp: 'green' });
  const amber = await byWorkflow(world.call, '198.51.100.2');
  await makeLink(world.call, amber.id, target);
  const shouted = await byWorkflow(world.call, '', { observable: { type: 'domain', value: 'EVIL.example' } });
  const lists = [
    KEPT,
    `tor 198.51.100.1 adopt=${green.id}`,
    `tor 198.51.100.2 tlp=green adopt=${amber.id}`,
    `tor evil.example adopt=${shouted.id}`,
  ].join('\n');
  const visible = ['white', 'green', 'amber', 'red'];
  const puts: string[] = [];
  watch(world, ['198.51.100.1', '198.51.100.2']);
  const { intercept } = world;
  world.intercept = async (request, send) => {
    const answer = (await intercept?.(request, send)) ?? (await send(request));
    if (request.method !== 'PUT') return answer;
    puts.push(Object.keys(JSON.parse(String(request.body)))[0] ?? '');
    const judgements = new Map((await world.all('judgement')).map((one) => [one.id, one]));
    for (const link of await world.all('relationship')) {
      const tlp = String(judgements.get(String(link.source_ref))?.tlp);
      assert.ok(visible.indexOf(String(link.tlp)) >= visible.indexOf(tlp), `a ${link.tlp} link of a ${tlp} judgement`);
    }
    return answer;
  };
  assertVerified(await sync(lists));
  assert.deepEqual(puts, ['relationships', 'judgements', 'relationships']);
  await assertAtRest(it, lists);
  assert.deepEqual((await world.call('GET', pathOf(shouted.id))).json.observable, {
    type: 'domain',
    value: 'evil.example',
  });
});

test('a token that reads one by one reads a hundred a run: all are published at once, theirs end hour by hour', async (t) => {
  const it = await adopting(t);
  const { world, target, sync } = it;
  const values = Array.from({ length: 120 }, (_, n) => `198.51.100.${n + 1}`);
  const bundle = {
    ...{ type: 'bundle', source: 'XDR Demo' },
    judgements: values.map((value, n) => ({
      ...{ id: `transient:j${n}`, observable: { type: 'ip', value }, source: 'XDR Demo', priority: 90, tlp: 'amber' },
      ...{ severity: 'Medium', confidence: 'High', disposition: 2, disposition_name: 'Malicious' },
      valid_time: { start_time: '2026-11-20T00:00:00.000Z', end_time: '2525-01-01T00:00:00.000Z' },
    })),
    relationships: values.map((_, n) => ({
      ...{ id: `transient:l${n}`, relationship_type: 'element-of', tlp: 'amber' },
      ...{ source_ref: `transient:j${n}`, target_ref: target },
    })),
  };
  await world.call('POST', '/ctia/bundle/import', bundle);
  const theirs = (await it.foreign()).filter((one) => one.observable !== undefined);
  assert.equal(theirs.length, 120);
  lessRights(world);
  const lists = [
    KEPT,
    ...theirs.map(({ id, observable }) => `tor ${(observable as { value: string }).value} adopt=${id}`),
  ].join('\n');
  // Known by now, as workers know it.
  await world.rights.learn('create-casebook is missing');
  const ended = async () => {
    const now = world.time.serverClock.now();
    return (await it.foreign()).filter((one) => one.observable !== undefined && !isLive(one, now)).length;
  };
  assertVerified(await sync(lists));
  const first = await ended();
  assert.ok(first === 100 || first === 20, `${first} ended`);
  assert.equal((await world.view()).split('\n').length, 121);
  world.time.step(3_600_000);
  assertVerified(await sync(lists));
  assert.equal(await ended(), 120);
  await assertAtRest(it, lists);
  assert.equal((await world.view()).split('\n').length, 121);
});

/** Of a token that may import and use no bulk route. */
function lessRights(world: Tenant): void {
  const lacking = ['casebook', 'investigation', 'target-record'];
  const kinds = [...new Set([...BULK_KINDS.map(({ name }) => name), 'feed'])].filter((kind) => !lacking.includes(kind));
  world.server.addClient({
    ...{ id: 'client-7', password: 'correct-horse-battery-staple', login: 'ctim-feeds', org: ORG },
    scopes: ['import-bundle', ...kinds].map((kind) => `private-intel/${kind}`),
  });
  world.time.step(11 * 60_000);
  world.server.requests.reset();
}
