import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookUp } from '../../../src/incidents/verdicts/look-up.ts';
import { keyOfAny } from '../../../src/incidents/write/observables.ts';
import { tenant } from '../../reconcile/tenant.ts';
import { makeChance } from '../../simulation/chance.ts';

const NOW = Date.parse('2026-11-25T02:00:00.000Z');
const iso = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

function judgement(value: string, more: object, type = 'ip'): object {
  return { observable: { type, value }, source: 'acme', severity: 'Low', confidence: 'Low', priority: 90, ...more };
}

test('the verdict that is computed of all judgements is the one that CTIA tells, whatever their order', async (t) => {
  const world = await tenant(t);
  const draw = makeChance(7);
  const values = Array.from({ length: 60 }, (_, n) => `11.0.0.${n}`);
  const judgements = values.flatMap((value) =>
    Array.from({ length: draw.below(5) }, () => {
      // Some have ended, some end now, some have not begun.
      const [start, end] = [draw.below(9) - 7, draw.below(4) - 1];
      return judgement(value, {
        ...{ priority: 90 + 5 * draw.below(2), disposition: 1 + draw.below(5) },
        valid_time: { start_time: iso(start + draw.below(1000) / 1000), end_time: iso(Math.max(start + 1, end)) },
      });
    }),
  );
  const { status } = await world.call('POST', '/ctia/bulk?wait_for=true', { judgements });
  assert.equal(status, 201);
  const client = world.client();
  const opinions = await lookUp(
    client,
    values.map((value) => ({ type: 'ip', value })),
  );
  let decided = 0;
  for (const value of values) {
    const told = await client.verdictOn({ type: 'ip', value });
    assert.equal(opinions.get(`ip ${value}`)?.decides?.id, told?.judgement_id, value);
    if (told !== undefined) decided += 1;
  }
  assert(decided > 20 && decided < 60, `${decided}`);
  const all = [...opinions.values()].flatMap((opinion) => opinion.judgements);
  assert.equal(all.length, judgements.length);
});

test('T39: values are compared typed and whole: not by a part, not by case where case counts', async (t) => {
  const world = await tenant(t);
  const judgements = [
    judgement('11.2.3.40', { disposition: 2 }),
    judgement('http://evil.example/A', { disposition: 2 }, 'url'),
    judgement('EVIL.example', { disposition: 3 }, 'domain'),
    judgement('evil.example', { disposition: 5 }, 'hostname'),
  ];
  await world.call('POST', '/ctia/bulk?wait_for=true', { judgements });
  const asked = [
    { type: 'ip', value: '11.2.3.4' },
    { type: 'ip', value: '11.2.3.40' },
    { type: 'url', value: 'http://evil.example/a' },
    { type: 'url', value: 'http://evil.example/A' },
    { type: 'domain', value: 'evil.example' },
  ];
  const client = world.client();
  const opinions = await lookUp(client, asked);
  const dispositions = asked.map((it) => opinions.get(keyOfAny(it))?.decides?.disposition);
  assert.deepEqual(dispositions, [undefined, 2, undefined, 2, 3]);
  // One request for all of a type.
  assert.equal(client.requests.total, 3);
});
