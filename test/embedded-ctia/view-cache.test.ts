import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeViewCache, type Rendered } from '../../src/embedded-ctia/view-cache.ts';

function renderings() {
  const waiting: ((rendered: Rendered) => void)[] = [];
  return { waiting, render: () => new Promise<Rendered>((resolve) => waiting.push(resolve)) };
}

test('who asks while a view is made shares it, though a moment later', async () => {
  const cache = makeViewCache(1000);
  const { waiting, render } = renderings();
  const first = cache.get('view', 'state 1', 1000, render);
  const second = cache.get('view', 'state 1', 1005, render);
  waiting[0]?.({ body: Buffer.from('a'), changesAt: 2000 });
  assert.equal(await first, await second);
  assert.equal(waiting.length, 1);
});

test('a view that is being made is not shared past a write, nor past the moment when it changes by itself', async () => {
  const cache = makeViewCache(1000);
  const { waiting, render } = renderings();
  const first = cache.get('view', 'state 1', 1000, render);
  const written = cache.get('view', 'state 2', 1001, render);
  assert.equal(waiting.length, 2);
  waiting[0]?.({ body: Buffer.from('a'), changesAt: 1500 });
  waiting[1]?.({ body: Buffer.from('b'), changesAt: 1500 });
  assert.equal((await first).body.toString(), 'a');
  assert.equal((await written).body.toString(), 'b');

  const before = cache.get('view', 'state 3', 1400, render);
  const after = cache.get('view', 'state 3', 1600, render);
  waiting[2]?.({ body: Buffer.from('lives'), changesAt: 1500 });
  assert.equal((await before).body.toString(), 'lives');
  await new Promise(setImmediate);
  waiting[3]?.({ body: Buffer.from('ended'), changesAt: 9000 });
  assert.equal((await after).body.toString(), 'ended');
});
