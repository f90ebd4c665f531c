import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbeddedCtiaError } from '../../src/embedded-ctia/error.ts';
import { moveStore } from '../../src/embedded-ctia/move.ts';
import { startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { silentLog } from '../../src/runtime/log.ts';
import {
  call,
  channel,
  IMPORT,
  judgement,
  link,
  pairs,
  SIGNING_KEY,
  steppedClock,
  tempFolder,
  tokenFor,
} from './fixture.ts';

const NEW_URL = 'https://feeds.example.org:443/intel';

test('move rewrites ids and references wherever they stand, and what is a mere text not at all', async (t) => {
  const dataDir = tempFolder(t);
  const clock = steppedClock();
  const options = {
    dataDir,
    port: 0,
    clock,
    log: silentLog,
    signingKey: SIGNING_KEY,
    client: { id: 'c', password: 'p' },
  };
  const before = await startEmbeddedCtia({ ...options, refreshMs: 60_000 });
  const session = { url: before.url, token: await tokenFor(before.url, 'c', 'p') };
  const { indicator, feed } = await channel(session);
  await call(session, 'POST', IMPORT, pairs(3, indicator));
  const post = async (kind: string, body: object) =>
    (await call(session, 'POST', `/ctia/${kind}?wait_for=true`, body)).json;
  const one = await post('judgement', judgement('a', { reason: indicator, external_ids: [`${session.url}/ctia/x`] }));
  const gone = await post('judgement', judgement('b'));
  const dangling = await post('relationship', link(gone.id, indicator));
  await call(session, 'DELETE', `${gone.id}?wait_for=true`);
  const foreign =
    'https://private.intel.eu.amp.cisco.com:443/ctia/judgement/judgement-00000000-0000-4000-8000-000000000001';
  const abroad = await post('relationship', link(foreign, indicator));
  const required = { judgement_id: one.id };
  const specified = await post('indicator', {
    producer: 'acme',
    specification: { type: 'Judgement', judgements: [one.id], required_judgements: [required] },
    composite_indicator_expression: { operator: 'or', indicator_ids: [indicator] },
  });
  const bundle = { source: 'acme', relationships: [link(one.id, indicator)], judgement_refs: [one.id] };
  const casebook = await post('casebook', { title: 'kept', bundle });
  // Acknowledged, and not yet refreshed.
  const late = (await call(session, 'POST', '/ctia/relationship', link(one.id, indicator))).json;
  await before.close();

  assert.deepEqual(moveStore(dataDir, `${NEW_URL}/`, clock), { from: session.url, documents: 14 });
  assert.deepEqual(moveStore(dataDir, NEW_URL, clock), { from: NEW_URL, documents: 0 });
  await assert.rejects(
    startEmbeddedCtia({ ...options, publicUrl: session.url }),
    (error) => error instanceof EmbeddedCtiaError && error.kind === 'public-url',
  );
  // Elsewhere than before, which no id carries any more.
  const after = await startEmbeddedCtia({ ...options, host: 'localhost' });
  t.after(() => after.close());
  assert.equal(after.url, NEW_URL);
  const moved = (id: string) => id.replace(session.url, NEW_URL);
  const local = { url: after.localUrl, token: await tokenFor(after.localUrl, 'c', 'p') };
  const read = async (id: string) => (await call(local, 'GET', new URL(id).pathname)).json;

  assert.deepEqual(await read(one.id), { ...one, id: moved(one.id) }, 'reason and external ids are texts');
  assert.equal((await read(feed.id)).feed_view_url, moved(feed.feed_view_url));
  assert.equal((await read(feed.id)).indicator_id, moved(indicator));
  assert.equal((await read(abroad.id)).source_ref, foreign);
  const { specification, composite_indicator_expression: composite } = await read(specified.id);
  assert.deepEqual(
    [specification.judgements, specification.required_judgements, composite.indicator_ids],
    [[moved(one.id)], [{ judgement_id: moved(one.id) }], [moved(indicator)]],
  );
  const { bundle: kept } = await read(casebook.id);
  assert.deepEqual(kept.judgement_refs, [moved(one.id)]);
  assert.deepEqual(kept.relationships, [link(moved(one.id), moved(indicator))]);

  const found = async (query: string) => {
    const { json } = await call(local, 'GET', `/ctia/relationship/search?${query}`);
    return json.map(({ id }: { id: string }) => id).sort();
  };
  const ref = (name: string, id: string) => `${name}=${encodeURIComponent(id)}`;
  assert.equal((await found(ref('target_ref', moved(indicator)))).length, 6);
  assert.deepEqual(await found(ref('target_ref', indicator)), []);
  assert.deepEqual(await found(ref('source_ref', moved(one.id))), [moved(late.id)]);
  assert.deepEqual(await found(ref('source_ref', moved(gone.id))), [moved(dangling.id)]);
  assert.deepEqual(await found(ref('source_ref', foreign)), [moved(abroad.id)]);
  const view = new URL(feed.feed_view_url);
  assert.equal((await call(local, 'GET', view.pathname + view.search)).text, '11.0.0.0\n11.0.0.1\n11.0.0.2\na');
  const again = await call(local, 'POST', IMPORT, pairs(3, moved(indicator)));
  assert.ok(
    again.json.results.every(({ result }: { result: string }) => result === 'exists'),
    again.text,
  );
});
