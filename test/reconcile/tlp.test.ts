import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asked, assertSettled, assertVerified, type Json, judgementOn, pathOf, type Tenant, tenant } from './tenant.ts';

/** A link bears its judgement's tlp: what one of them hides the other would show. */
const V = '198.51.100.7';

async function tlps(world: Tenant): Promise<string[]> {
  const { tlp } = await judgementOn(world, V);
  return [String(tlp), ...(await world.all('relationship')).map((link) => String(link.tlp))];
}

/** What each PUT was of, and what tlp it said. */
function puts(world: Tenant): string[] {
  const seen: string[] = [];
  world.intercept = async (request, send) => {
    if (request.method === 'PUT' && request.url.includes('/ctia/bulk')) {
      const body: Record<string, Json[]> = JSON.parse(String(request.body));
      for (const [kind, documents] of Object.entries(body)) seen.push(`${kind} ${documents[0]?.tlp}`);
    }
    return send(request);
  };
  return seen;
}

const table: [from: string, to: string, order: string[]][] = [
  ['amber', 'red', ['relationships red', 'judgements red']],
  ['green', 'amber', ['relationships amber', 'judgements amber']],
  ['red', 'amber', ['judgements amber', 'relationships amber']],
  ['amber', 'green', ['judgements green', 'relationships green']],
];
for (const [from, to, order] of table) {
  test(`tlp from ${from} to ${to}: ${order.map((it) => it.split(' ')[0]).join(' first, then ')}`, async (t) => {
    const world = await tenant(t);
    assertVerified(await world.sync(`tor ${V} tlp=${from}`));
    const seen = puts(world);
    assertVerified(await world.sync(`tor ${V} tlp=${to}`));
    assert.deepEqual(seen, order);
    world.intercept = undefined;
    await assertSettled(world, `tor ${V} tlp=${to}`);
    const [judgement] = await ours(world, 'judgement');
    const [link] = await ours(world, 'relationship');
    assert.deepEqual([judgement?.tlp, link?.tlp, link?.externalIds.length], [to, to, 2]);
  });
}

/** As their maker sees them: red is hidden from a colleague. */
async function ours(world: Tenant, kind: 'judgement' | 'relationship') {
  return world.client().allByExternalId(kind, 'acme-owned');
}

test('other words without another tlp write no link', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  const seen = puts(world);
  assertVerified(await world.sync(`tor ${V} reason=scanner`));
  assert.deepEqual(seen, ['judgements amber']);
});

test('somebody changed the tlp of a link, or we died between the two: the next run sets it right', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V}`));
  const [link] = await world.all('relationship');
  await world.call('PUT', `${pathOf(link?.id ?? '')}?wait_for=true`, { ...link, tlp: 'green' });
  const report = await world.sync(`tor ${V}`);
  assertVerified(report);
  assert.equal(report.counts.change, 1);
  assert.deepEqual(await tlps(world), ['amber', 'amber']);
  await assertSettled(world, `tor ${V}`);
});

test('towards red, a link that cannot be written keeps its judgement as it is, and the run says so', async (t) => {
  const world = await tenant(t);
  assertVerified(await world.sync(`tor ${V} tlp=green`));
  world.server.requests.reset();
  world.intercept = async (request, send) => {
    const answer = await send(request);
    if (request.method !== 'PUT' || !String(request.body).includes('relationship_type')) return answer;
    const body = JSON.parse(answer.text);
    return {
      ...answer,
      text: JSON.stringify({ relationships: { errors: { forbidden: body.relationships.updated } } }),
    };
  };
  const report = await world.sync(`tor ${V} tlp=amber`);
  assert.match(report.failures[0]?.message ?? '', /the tlp of its link could not be changed/);
  assert.equal(asked(world, 'PUT /ctia/bulk'), 1);
  assert.equal((await judgementOn(world, V)).tlp, 'green');
});
