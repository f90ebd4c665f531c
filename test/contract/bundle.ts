import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { foreignRef, incident, indicator, judgement, relationship, sighting, unknownId } from './documents.ts';
import { assertHolds } from './holds.ts';
import { LeftOut, path, query, type Session } from './session.ts';

interface Result {
  readonly id?: string;
  readonly original_id?: string;
  readonly result: string;
  readonly type: string;
  readonly external_ids?: string[];
  readonly error?: unknown;
  readonly msg?: string;
}

export const bundleCases: Case[] = [
  {
    number: 37,
    name: 'a bundle is created, imported again it exists and is left as it was; a mixed one links to what exists',
    async run(session) {
      const bundle = linkedBundle(session);
      const first = await imported(session, bundle);
      assert.deepEqual([...first.values()].map(({ result, type }) => `${type} ${result}`).sort(), [
        'indicator created',
        'judgement created',
        'relationship created',
        'sighting created',
      ]);
      for (const [original, { external_ids }] of first) {
        assert.deepEqual(external_ids, [`${bundle.prefix}${original.slice('transient:'.length)}`]);
      }
      const judgementId = first.get('transient:j')?.id ?? '';
      const indicatorId = first.get('transient:i')?.id ?? '';
      assertHolds((await session.expect(200, 'GET', path(first.get('transient:r')?.id ?? ''))).json, {
        source_ref: judgementId,
        target_ref: indicatorId,
      });
      const before = (await session.expect(200, 'GET', path(judgementId))).json;

      const [listed] = bundle.body.judgements as Record<string, unknown>[];
      const again = await imported(session, {
        ...bundle,
        body: { ...bundle.body, judgements: [{ ...listed, priority: 95, reason: 'changed' }] },
      });
      for (const [original, { result, id }] of again) {
        assert.equal(result, 'exists');
        assert.equal(id, first.get(original)?.id);
      }
      assert.deepEqual((await session.expect(200, 'GET', path(judgementId))).json, before);

      const mixed = await imported(session, {
        ...bundle,
        body: {
          source: session.run,
          judgements: [judgement(session, { id: 'transient:new', external_ids: [`${bundle.prefix}new`] })],
          indicators: bundle.body.indicators,
          relationships: [relationship(session, 'transient:new', 'transient:i', { id: 'transient:link' })],
        },
      });
      assert.equal(mixed.get('transient:i')?.result, 'exists');
      assert.equal(mixed.get('transient:new')?.result, 'created');
      const link = (await session.expect(200, 'GET', path(mixed.get('transient:link')?.id ?? ''))).json;
      assertHolds(link, { source_ref: mixed.get('transient:new')?.id, target_ref: indicatorId });
    },
  },
  {
    number: 38,
    name: 'a link whose transient ids are not in the bundle is an error of its own, with 200',
    async run(session) {
      const results = await imported(session, {
        prefix: '',
        body: {
          source: session.run,
          judgements: [judgement(session, { id: 'transient:j' })],
          relationships: [relationship(session, 'transient:j', 'transient:missing', { id: 'transient:r' })],
        },
      });
      assert.equal(results.get('transient:j')?.result, 'created');
      const failed = results.get('transient:r');
      assert.equal(failed?.result, 'error');
      assert.equal(
        failed?.error,
        'A relationship cannot be created if a source or a target ref is still a transient ID (The source or target entity is probably not provided in the bundle)',
      );
      assert.equal(failed?.id, undefined);
      assert.equal(failed?.type, 'relationship');
    },
  },
  {
    number: 39,
    name: 'external-key-prefixes says which external ids count; without one that counts an entity is always created',
    async run(session) {
      const [mine, other] = [`${session.name()}-`, `${session.name()}-`];
      const external_ids = [`${mine}1`, `${other}1`, 'x'];
      const body = { source: session.run, judgements: [judgement(session, { id: 'transient:j', external_ids })] };
      const one = async (prefixes?: string) => {
        const { json } = await session.expect(200, 'POST', importPath(prefixes), body);
        assert.equal(json.results.length, 1);
        return json.results[0] as Result;
      };
      const first = await one(`${mine},nothing-`);
      assert.deepEqual([first.result, first.external_ids], ['created', [`${mine}1`]]);
      const second = await one(`${other},${mine}`);
      assert.deepEqual([second.result, second.id], ['exists', first.id]);
      assert.deepEqual([...(second.external_ids ?? [])].sort(), [`${mine}1`, `${other}1`].sort());
      const stranger = await one(`${session.name()}-`);
      assert.deepEqual([stranger.result, stranger.external_ids], ['created', undefined]);
      const all = await one();
      assert.deepEqual([all.result, [...(all.external_ids ?? [])].sort()], ['exists', [...external_ids].sort()]);
      // The entity keeps all of them.
      assert.deepEqual((await session.expect(200, 'GET', path(first.id ?? ''))).json.external_ids, external_ids);
    },
  },
  {
    number: 39,
    name: 'the type matters and so does the case: neither a link nor other letters with the same id make a judgement exist',
    async run(session) {
      const prefix = `${session.name()}-`;
      const external_ids = [`${prefix}a`];
      const link = relationship(session, foreignRef('judgement'), foreignRef('indicator'), { external_ids });
      await imported(session, { prefix, body: { source: session.run, relationships: [link] } });
      const body = { source: session.run, judgements: [judgement(session, { id: 'transient:j', external_ids })] };
      assert.equal((await imported(session, { prefix, body })).get('transient:j')?.result, 'created');
      const upper = [{ ...body.judgements[0], external_ids: [`${prefix}A`] }];
      const results = await imported(session, { prefix, body: { ...body, judgements: upper } });
      assert.equal(results.get('transient:j')?.result, 'created');
    },
  },
  {
    number: 40,
    name: 'a store that fails for one kind gives that kind errors without what lies behind, and the rest is created',
    needs: ['faults'],
    async run(session) {
      session.lab.failStore(/\/bundle\/import$/, 'sighting');
      const results = await imported(session, linkedBundle(session));
      const failed = results.get('transient:s');
      assert.equal(failed?.result, 'error');
      assert.deepEqual(Object.keys(failed?.error as object), ['type']);
      assert.equal(failed?.id, undefined);
      for (const original of ['transient:j', 'transient:i', 'transient:r']) {
        assert.equal(results.get(original)?.result, 'created', original);
      }
    },
  },
  {
    number: 41,
    name: 'an end_time of 4242 is an error of its own with its msg, and the status is 200',
    async run(session) {
      const valid_time = { end_time: '4242-07-11T00:40:48.000Z' };
      const results = await imported(session, {
        prefix: '',
        body: {
          source: session.run,
          indicators: [
            indicator(session, { id: 'transient:bad', valid_time }),
            indicator(session, { id: 'transient:good' }),
          ],
        },
      });
      assert.equal(results.get('transient:good')?.result, 'created');
      const failed = results.get('transient:bad');
      assert.equal(failed?.result, 'error');
      assert.equal(failed?.error, 'Entity validation Error');
      assert.match(failed?.msg ?? '', /failed: .*:valid_time/s);
      assert.equal(failed?.type, 'indicator');
    },
  },
  {
    number: 42,
    name: 'entities that share an external id within one bundle are all created; exact duplicates are one',
    async run(session) {
      const prefix = `${session.name()}-`;
      const external_ids = [`${prefix}1`];
      const differ = Array.from({ length: 5 }, (_, i) => indicator(session, { id: `transient:${i}`, external_ids }));
      const results = await imported(session, { prefix, body: { source: session.run, indicators: differ } });
      assert.deepEqual(
        [...results.values()].map(({ result }) => result),
        Array.from({ length: 5 }, () => 'created'),
      );
      const { json } = await session.expect(200, 'GET', `/ctia/indicator/external_id/${external_ids[0]}`);
      assert.equal(json.length, 5);
      const same = indicator(session, { id: 'transient:same' });
      const twice = { source: session.run, indicators: [same, { ...same }] };
      const { json: collapsed } = await session.expect(200, 'POST', importPath(), twice);
      assert.equal(collapsed.results.length, 1);
    },
  },
  {
    number: 42,
    name: 'more external ids than a look-up finds in one page all exist when the bundle comes again',
    async run(session) {
      const prefix = `${session.name()}-`;
      const indicators = Array.from({ length: 250 }, (_, i) =>
        indicator(session, { id: `transient:${i}`, external_ids: [`${prefix}${i}`] }),
      );
      const bundle = { prefix, body: { source: session.run, indicators } };
      const first = await imported(session, bundle);
      const again = await imported(session, bundle);
      assert.equal(again.size, 250);
      for (const [original, { result, id }] of again) {
        assert.equal(result, 'exists');
        assert.equal(id, first.get(original)?.id);
      }
    },
  },
  {
    number: 43,
    name: 'of several entities with the same external id one is taken',
    async run(session) {
      const prefix = `${session.name()}-`;
      const external_ids = [`${prefix}1`];
      const { json } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', {
        judgements: [judgement(session, { external_ids }), judgement(session, { external_ids })],
      });
      const body = { source: session.run, judgements: [judgement(session, { id: 'transient:j', external_ids })] };
      const found = (await imported(session, { prefix, body })).get('transient:j');
      assert.equal(found?.result, 'exists');
      assert.ok(json.judgements.includes(found?.id));
    },
  },
  {
    number: 45,
    name: 'a tlp that the tenant does not allow is an error of its own',
    async run(session) {
      const body = {
        source: session.run,
        indicators: [
          indicator(session, { id: 'transient:white', tlp: 'white' }),
          indicator(session, { id: 'transient:amber' }),
        ],
      };
      const results = await imported(session, { prefix: '', body });
      assert.equal(results.get('transient:amber')?.result, 'created');
      const white = results.get('transient:white');
      if (white?.result === 'created') throw new LeftOut('the tenant allows every tlp');
      assert.equal(white?.result, 'error');
      assert.equal(white?.error, 'Entity Access Control validation Error');
      assert.match(white?.msg ?? '', /^Invalid document TLP white, allowed TLPs are: /);
    },
  },
  {
    number: 46,
    name: 'export: GET as POST, the entity with its links and the other ends by default, without them if told so',
    async run(session) {
      const { judgementId, indicatorId, linkId } = await linkedPair(session);
      const got = await exported(session, 'GET', query({ ids: judgementId }));
      assert.deepEqual([got.type, got.source], ['bundle', 'ctia']);
      assert.deepEqual(idsIn(got), { judgements: [judgementId], indicators: [indicatorId], relationships: [linkId] });
      assert.deepEqual(await exported(session, 'POST', '', { ids: [judgementId] }), got);
      const read = (await session.expect(200, 'GET', path(judgementId))).json;
      assert.deepEqual(got.judgements[0], read);
      const alone = await exported(session, 'GET', query({ ids: judgementId, include_related_entities: 'false' }));
      assert.deepEqual(idsIn(alone), { judgements: [judgementId] });
      const empty = { type: 'bundle', source: 'ctia' };
      assert.deepEqual(await exported(session, 'POST', '', { ids: [] }), empty);
      assert.deepEqual(await exported(session, 'POST', '', { ids: [unknownId('judgement')] }), empty);
    },
  },
  {
    number: 47,
    name: 'export passes over what was deleted and what lies elsewhere, and keeps the link',
    async run(session) {
      const { judgementId, indicatorId, linkId } = await linkedPair(session);
      await session.expect(204, 'DELETE', `${path(indicatorId)}?wait_for=true`);
      const away = await session.create('relationship', relationship(session, judgementId, foreignRef('indicator')));
      const got = await exported(session, 'GET', query({ ids: judgementId }));
      assert.deepEqual(idsIn(got), { judgements: [judgementId], relationships: [linkId, away.id].sort() });
    },
  },
  {
    number: 47,
    name: 'export passes over what the caller may not read',
    needs: ['a second organisation'],
    async run(session) {
      const stranger = await session.lab.stranger();
      const hidden = await stranger.create('indicator', indicator(stranger));
      const mine = await session.create('judgement', judgement(session));
      const link = await session.create('relationship', relationship(session, mine.id, hidden.id));
      const got = await exported(session, 'GET', query({ ids: [mine.id, hidden.id] }));
      assert.deepEqual(idsIn(got), { judgements: [mine.id], relationships: [link.id] });
    },
  },
  {
    number: 48,
    name: 'export holds at most 1000 links of one entity',
    needs: ['many objects'],
    async run(session) {
      const { id } = await session.create('indicator', indicator(session));
      const relationships = Array.from({ length: 1001 }, () => relationship(session, foreignRef('judgement'), id));
      await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', { relationships });
      const got = await exported(session, 'GET', query({ ids: id }));
      assert.equal(got.relationships.length, 1000);
    },
  },
  {
    number: 49,
    name: 'export follows links one way if told so, and only from or to the types that are named',
    async run(session) {
      const { judgementId, indicatorId, linkId } = await linkedPair(session);
      const seen = await session.create('sighting', sighting(session));
      const sightingLink = await session.create(
        'relationship',
        relationship(session, seen.id, indicatorId, { relationship_type: 'sighting-of' }),
      );
      const from = await session.create('incident', incident(session));
      const out = await session.create(
        'relationship',
        relationship(session, indicatorId, from.id, { relationship_type: 'related-to' }),
      );
      const linksFor = async (parameters: Parameters<typeof query>[0]) => {
        const got = await exported(session, 'GET', query({ ids: indicatorId, ...parameters }));
        return (got.relationships ?? []).map(({ id }: { id: string }) => id).sort();
      };
      const sorted = (...ids: string[]) => ids.sort();
      assert.deepEqual(await linksFor({}), sorted(linkId, sightingLink.id, out.id));
      assert.deepEqual(await linksFor({ related_to: 'source_ref' }), [out.id]);
      assert.deepEqual(await linksFor({ related_to: 'target_ref' }), sorted(linkId, sightingLink.id));
      assert.deepEqual(await linksFor({ related_to: 'target_ref', source_type: 'sighting' }), [sightingLink.id]);
      assert.deepEqual(
        await linksFor({ related_to: 'target_ref', source_type: ['sighting', 'judgement'] }),
        sorted(linkId, sightingLink.id),
      );
      assert.deepEqual(await linksFor({ related_to: 'source_ref', target_type: 'judgement' }), []);
      assert.deepEqual(await linksFor({ related_to: 'source_ref', target_type: 'incident' }), [out.id]);
      const got = await exported(session, 'GET', query({ ids: judgementId, related_to: 'target_ref' }));
      assert.deepEqual(idsIn(got), { judgements: [judgementId] });
    },
  },
  {
    number: 50,
    name: 'letters of every script go in and come out as they were',
    async run(session) {
      const title = 'Straße „ﬁ“ – Пример 例え 🦊 e\u0301';
      const body = { source: session.run, indicators: [indicator(session, { id: 'transient:i', title })] };
      const { id } = (await imported(session, { prefix: '', body })).get('transient:i') ?? {};
      assert.equal((await session.expect(200, 'GET', path(id ?? ''))).json.title, title);
    },
  },
  {
    number: 'extra',
    name: 'a schema error refuses the whole bundle, and so does a collection that bundles do not have',
    async run(session) {
      const source = session.name();
      const good = judgement(session, { source });
      const { severity: _, ...bare } = good;
      const { json } = await session.expect(400, 'POST', importPath(), { source, judgements: [good, bare] });
      // A set has no positions: only that the key is named is certain.
      assert.match(JSON.stringify(json.errors.judgements), /"severity":"missing-required-key"/);
      const feeds = await session.expect(400, 'POST', importPath(), { source, feeds: [] });
      assert.equal(feeds.json.errors.feeds, 'disallowed-key');
      const none = await session.expect(400, 'POST', importPath(), {});
      assert.equal(none.json.errors.source, 'missing-required-key');
      const count = `/ctia/judgement/search/count${query({ source })}`;
      assert.equal((await session.expect(200, 'GET', count)).json, 0);
    },
  },
];

interface Bundle {
  readonly prefix: string;
  readonly body: Record<string, unknown>;
}

function importPath(prefixes?: string): string {
  return `/ctia/bundle/import${prefixes === undefined ? '' : query({ 'external-key-prefixes': prefixes })}`;
}

/** By the ids that were submitted, since the order of results says nothing. */
async function imported(session: Session, { prefix, body }: Bundle): Promise<Map<string, Result>> {
  const { json } = await session.expect(200, 'POST', importPath(prefix === '' ? undefined : prefix), body);
  assert.deepEqual(Object.keys(json), ['results']);
  return new Map((json.results as Result[]).map((result) => [result.original_id ?? result.id ?? '', result]));
}

function linkedBundle(session: Session): Bundle {
  const prefix = `${session.name()}-`;
  const named = (name: string) => ({ id: `transient:${name}`, external_ids: [`${prefix}${name}`] });
  return {
    prefix,
    body: {
      source: session.run,
      indicators: [indicator(session, named('i'))],
      judgements: [judgement(session, named('j'))],
      sightings: [sighting(session, named('s'))],
      relationships: [relationship(session, 'transient:j', 'transient:i', named('r'))],
    },
  };
}

async function linkedPair(session: Session) {
  const { json } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', {
    judgements: [judgement(session, { id: 'transient:j' })],
    indicators: [indicator(session, { id: 'transient:i' })],
    relationships: [relationship(session, 'transient:j', 'transient:i')],
  });
  return { judgementId: json.judgements[0], indicatorId: json.indicators[0], linkId: json.relationships[0] };
}

async function exported(session: Session, method: string, parameters: string, body?: unknown) {
  const answer = await session.call(method, `/ctia/bundle/export${parameters}`, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** The ids of a bundle's collections, sorted. */
function idsIn(bundle: Record<string, unknown>): Record<string, string[]> {
  const collections = Object.entries(bundle).filter(([, list]) => Array.isArray(list));
  return Object.fromEntries(
    collections.map(([plural, list]) => [plural, (list as { id: string }[]).map(({ id }) => id).sort()]),
  );
}
