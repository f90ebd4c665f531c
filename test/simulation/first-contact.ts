import assert from 'node:assert/strict';
import { HandRefused } from '../../src/reconcile/by-hand.ts';
import type { Chance } from './chance.ts';
import { IPS } from './lists.ts';
import { oursOf, pathOf } from './meddling.ts';
import { headOf, type Scene, toldOf } from './scene.ts';

/**
 * Somebody tidies up, and our state is gone, or it tells of another repository. Then this is a first contact: whatever runs
 * holds everything, renewals too, and nothing is done by hand, until a person approves.
 */
export async function loseState(scene: Scene, chance: Chance): Promise<void> {
  const { world, auditor, say } = scene;
  const [state] = (await oursOf(world.colleague, 'indicator')).filter((it) => it.external_ids.includes('acme-state'));
  const isDeleted = chance.happens(0.6);
  const path = `${pathOf(state)}?wait_for=true`;
  const { status, text } = isDeleted
    ? await world.colleague('DELETE', path)
    : await world.colleague('PUT', path, { ...state, source_uri: 'https://git.acme.test/another' });
  assert.ok(status < 300, text);
  say(isDeleted ? 'somebody deletes our state' : 'our state tells of another repository');
  const report = await world.run(headOf(scene), { yes: false });
  say(`run, not approved: ${toldOf(report)}`);
  assert.ok(
    report.held.some(({ rule }) => rule === 'first-contact'),
    'without a state, and not held',
  );
  assert.equal(report.requests.mutating, 0, 'held at first contact, and it wrote');
  if (isDeleted) await assert.rejects(world.block(chance.pick(IPS), 'partner', 3_600_000), HandRefused);
  await auditor.look('while nobody approves');
}
