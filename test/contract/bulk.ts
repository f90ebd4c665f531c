import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import {
  casebook,
  foreignRef,
  incident,
  indicator,
  judgement,
  relationship,
  sighting,
  unknownId,
} from './documents.ts';
import { assertHolds } from './holds.ts';
import { eventually, LeftOut, path, query, type Session, shortId } from './session.ts';

const WAIT = '?wait_for=true';
/** What CTIA is shipped with; a case above it is left out where a tenant allows more. */
const SHIPPED_MAX = 2000;

export const bulkCases: Case[] = [
  {
    number: 30,
    name: 'bulk POST answers arrays of long ids in the order of the request; GET gives all of them back',
    async run(session) {
      const sent = ofEachKind(session);
      const { json: made } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, sent);
      assert.deepEqual(Object.keys(made).sort(), Object.keys(sent).sort());
      for (const [plural, documents] of Object.entries(sent)) {
        const ids: string[] = made[plural];
        assert.equal(ids.length, documents.length, plural);
        const short = Object.fromEntries([[plural, ids.map(shortId)]]);
        const { json: read } = await session.expect(200, 'GET', `/ctia/bulk${query({ [plural]: ids })}`);
        // Found in any order, each under the id of its place.
        for (const [i, document] of documents.entries()) {
          const found = read[plural].filter(({ id }: { id: string }) => id === ids[i]);
          assert.equal(found.length, 1);
          assertHolds(found[0], document);
        }
        const again = (await session.expect(200, 'GET', `/ctia/bulk${query(short)}`)).json;
        assert.deepEqual(idsOf(again[plural]), [...ids].sort());
      }
      const mixed = query({ judgements: [made.judgements[0], unknownId('judgement')], indicators: made.indicators });
      const { json: two } = await session.expect(200, 'GET', `/ctia/bulk${mixed}`);
      assert.deepEqual(idsOf(two.judgements), [made.judgements[0]]);
      assert.deepEqual(idsOf(two.indicators), [...made.indicators].sort());
      const none = query({ judgements: unknownId('judgement') });
      assert.deepEqual((await session.expect(200, 'GET', `/ctia/bulk${none}`)).json, {});
    },
  },
  {
    number: 30,
    name: 'bulk PUT replaces in place and creates nothing; an unknown id is not-found; without ids it is 400',
    async run(session) {
      const sent = ofEachKind(session);
      const { json: made } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, sent);
      const unknown = { ...judgement(session), id: unknownId('judgement') };
      const put = Object.fromEntries(
        Object.entries(sent).map(([plural, documents]) => [
          plural,
          documents.map((document, i) => ({ ...document, id: made[plural][i], language: 'la' })),
        ]),
      );
      const body = { ...put, judgements: [...(put.judgements ?? []), unknown] };
      const { json } = await session.expect(200, 'PUT', `/ctia/bulk${WAIT}`, body);
      for (const plural of Object.keys(sent)) {
        assert.deepEqual([...json[plural].updated].sort(), [...made[plural]].sort(), plural);
      }
      assert.deepEqual(json.judgements.errors, { 'not-found': [unknown.id] });
      assert.equal('errors' in json.indicators, false);
      assertHolds((await session.expect(200, 'GET', path(made.sightings[0]))).json, { language: 'la' });
      assert.equal((await session.call('GET', path(unknown.id))).status, 404);
      const bare = await session.expect(400, 'PUT', '/ctia/bulk', { judgements: [judgement(session)] });
      assert.deepEqual(bare.json, { errors: { judgements: [{ id: 'missing-required-key' }] } });
    },
  },
  {
    number: 30,
    name: 'bulk PATCH merges incidents and takes no other kind but notes; without ids it is 400',
    async run(session) {
      const incidents = [incident(session, { tactics: ['TA0001'] }), incident(session)];
      const { json: made } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, { incidents });
      const patch = { id: made.incidents[0], incident_time: { reported: '2026-01-03T00:00:00.000Z' } };
      const { json } = await session.expect(200, 'PATCH', `/ctia/bulk${WAIT}`, { incidents: [patch] });
      assert.deepEqual(json, { incidents: { updated: [patch.id] } });
      assertHolds((await session.expect(200, 'GET', path(patch.id))).json, {
        title: incidents[0]?.title,
        tactics: ['TA0001'],
        incident_time: { opened: '2026-01-02T03:04:05.000Z', reported: '2026-01-03T00:00:00.000Z' },
      });
      const others = await session.expect(400, 'PATCH', '/ctia/bulk', { judgements: [{ id: unknownId('judgement') }] });
      assert.deepEqual(others.json, { errors: { judgements: 'disallowed-key' } });
      const bare = await session.expect(400, 'PATCH', '/ctia/bulk', { incidents: [{ title: 'x' }] });
      assert.deepEqual(bare.json, { errors: { incidents: [{ id: 'missing-required-key' }] } });
    },
  },
  {
    number: 30,
    name: 'bulk DELETE takes a body of ids; the second time all are not-found, with 200',
    async run(session) {
      const { json: made } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, ofEachKind(session));
      const { tempids: _, ...ids } = made as Record<string, string[]>;
      const first = (await session.expect(200, 'DELETE', `/ctia/bulk${WAIT}`, ids)).json;
      const second = (await session.expect(200, 'DELETE', `/ctia/bulk${WAIT}`, ids)).json;
      for (const [plural, list] of Object.entries(ids)) {
        assert.deepEqual([...first[plural].deleted].sort(), [...list].sort());
        assert.deepEqual([...second[plural].errors['not-found']].sort(), [...list].sort());
        assert.equal('deleted' in second[plural], false);
      }
    },
  },
  {
    number: 31,
    name: 'more entities than the limit, summed over the kinds, are 400 with the bare text that names it',
    async run(session) {
      // Where the limit is higher, links to nothing fail one by one, and nothing is created.
      const links = Array.from({ length: SHIPPED_MAX }, () => relationship(session, 'transient:a', 'transient:b'));
      const judgements = [{ ...judgement(session), valid_time: { end_time: '4242-01-01T00:00:00.000Z' } }];
      const answer = await session.call('POST', '/ctia/bulk', { relationships: links, judgements });
      if (answer.status === 201) throw new LeftOut(`the tenant takes more than ${SHIPPED_MAX} entities`);
      assert.equal(answer.status, 400);
      assert.match(answer.text, /^Bulk max number of entities: \d+$/);
      const ids = Array.from({ length: SHIPPED_MAX + 1 }, () => unknownId('judgement'));
      assert.equal((await session.expect(400, 'DELETE', '/ctia/bulk', { judgements: ids })).text, answer.text);
    },
  },
  {
    number: 32,
    name: 'transient ids become real in the references of the same request, and tempids names all of them, links too',
    async run(session) {
      const { json } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, {
        relationships: [
          relationship(session, 'transient:j', 'transient:i', { id: 'transient:r' }),
          relationship(session, 'transient:j', foreignRef('indicator')),
        ],
        judgements: [judgement(session, { id: 'transient:j' })],
        indicators: [indicator(session, { id: 'transient:i' })],
      });
      const [judgementId, indicatorId] = [json.judgements[0], json.indicators[0]];
      assert.deepEqual(json.tempids, {
        'transient:j': judgementId,
        'transient:i': indicatorId,
        'transient:r': json.relationships[0],
      });
      const link = await session.expect(200, 'GET', path(json.relationships[0]));
      assertHolds(link.json, { source_ref: judgementId, target_ref: indicatorId });
      const { json: none } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, {
        judgements: [judgement(session)],
      });
      assert.equal('tempids' in none, false);
    },
  },
  {
    number: 33,
    name: 'a spec error is 201 with an error object in its place, even if every entity has one',
    async run(session) {
      const wrong = judgement(session, { valid_time: { end_time: '4242-01-01T00:00:00.000Z' } });
      const long = indicator(session, { title: 'x'.repeat(1025) });
      const { json } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, {
        judgements: [judgement(session), wrong, judgement(session)],
        indicators: [long],
      });
      assert.deepEqual(
        json.judgements.map((result: unknown) => typeof result),
        ['string', 'object', 'string'],
      );
      for (const [result, entity, field] of [
        [json.judgements[1], wrong, 'valid_time'],
        [json.indicators[0], long, 'title'],
      ]) {
        assert.equal(result.error, 'Entity validation Error');
        assert.equal(result.type, 'spec-validation-error');
        assert.match(result.msg, new RegExp(`failed: .*:${field}`, 's'));
        assertHolds(result.entity, entity);
      }
    },
  },
  {
    number: 33,
    name: 'a link whose transient ids nothing resolves is an error object, and so is a disposition that is no match',
    async run(session) {
      const { json } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, {
        relationships: [relationship(session, 'transient:nothing', foreignRef('indicator'))],
        judgements: [judgement(session, { id: 'transient:j', disposition: 1, disposition_name: 'Malicious' })],
      });
      assert.equal(json.relationships[0].error, UNRESOLVED);
      assert.equal(json.relationships[0].type, 'realize-entity-error');
      assert.equal(json.judgements[0].error, 'Mismatched disposition and dispositon_name for judgement');
      assert.equal(json.judgements[0].type, 'realize-entity-error');
      assert.equal('tempids' in json, false);
      const single = relationship(session, 'transient:nothing', foreignRef('indicator'));
      assert.deepEqual((await session.expect(400, 'POST', '/ctia/relationship', single)).json.error, UNRESOLVED);
    },
  },
  {
    number: 34,
    name: 'a store that fails for one kind gives errors for that kind, and the others are stored',
    needs: ['faults'],
    async run(session) {
      session.lab.failStore(/\/bulk$/, 'judgement');
      const source = session.name();
      const judgements = [judgement(session, { source }), judgement(session, { source })];
      const body = { judgements, indicators: [indicator(session)] };
      const { json } = await session.expect(201, 'POST', `/ctia/bulk${WAIT}`, body);
      for (const { error } of json.judgements) {
        assert.deepEqual(Object.keys(error).sort(), ['index', 'index_uuid', 'reason', 'type']);
      }
      await session.expect(200, 'GET', path(json.indicators[0]));
      const { json: found } = await session.expect(200, 'GET', `/ctia/judgement/search${query({ source })}`);
      assert.deepEqual(found, []);
    },
  },
  {
    number: 35,
    name: 'bulk with wait_for=true shows its writes at once, with false or without it within the refresh',
    async run(session) {
      for (const wait of [WAIT, '?wait_for=false', '']) {
        const soon = (check: () => Promise<void>) => (wait === WAIT ? check() : eventually(check));
        const { json } = await session.expect(201, 'POST', `/ctia/bulk${wait}`, { incidents: [incident(session)] });
        const id: string = json.incidents[0];
        const shows = (language: string | undefined) =>
          soon(async () => assert.equal((await session.expect(200, 'GET', path(id))).json.language, language));
        await shows(undefined);
        await session.expect(200, 'PUT', `/ctia/bulk${wait}`, {
          incidents: [{ ...incident(session), id, language: 'la' }],
        });
        await shows('la');
        await session.expect(200, 'PATCH', `/ctia/bulk${wait}`, { incidents: [{ id, language: 'it' }] });
        await shows('it');
        await session.expect(200, 'DELETE', `/ctia/bulk${wait}`, { incidents: [id] });
        await soon(async () => assert.equal((await session.call('GET', path(id))).status, 404));
      }
    },
  },
  {
    number: 36,
    name: 'what the caller may read and not write is forbidden, what it may not read is not-found: PUT, PATCH, DELETE',
    needs: ['a second organisation'],
    async run(session) {
      const stranger = await session.lab.stranger();
      const made = { amber: '', green: '' };
      for (const tlp of ['amber', 'green'] as const) {
        made[tlp] = (await session.create('incident', incident(session, { tlp }))).id;
      }
      const ids = [made.green, made.amber];
      const errors = { forbidden: [made.green], 'not-found': [made.amber] };
      const put = { incidents: ids.map((id) => ({ ...incident(stranger), id })) };
      assert.deepEqual((await stranger.expect(200, 'PUT', `/ctia/bulk${WAIT}`, put)).json, { incidents: { errors } });
      const patch = { incidents: ids.map((id) => ({ id, title: 'mine' })) };
      const patched = await stranger.expect(200, 'PATCH', `/ctia/bulk${WAIT}`, patch);
      assert.deepEqual(patched.json, { incidents: { errors } });
      const gone = await stranger.expect(200, 'DELETE', `/ctia/bulk${WAIT}`, { incidents: ids });
      assert.deepEqual(gone.json, { incidents: { errors } });
      const { json } = await stranger.expect(200, 'GET', `/ctia/bulk${query({ incidents: ids })}`);
      assert.deepEqual(
        new Set(json.incidents.map((found: { id: string } | null) => found?.id)),
        new Set([made.green, undefined]),
      );
      for (const id of ids) await session.expect(200, 'GET', path(id));
    },
  },
  {
    number: 'extra',
    name: 'a bulk PUT with one bad document is 400 and writes none of that kind',
    async run(session) {
      const made = await session.create('judgement', judgement(session));
      const good = { ...judgement(session), id: made.id };
      const bad = { ...judgement(session), id: made.id, reason: 'x'.repeat(1025) };
      const other = await session.create('judgement', judgement(session));
      const body = { judgements: [{ ...good, id: other.id }, bad] };
      const { json } = await session.expect(400, 'PUT', `/ctia/bulk${WAIT}`, body);
      assert.equal(json.error, 'Spec Validation Client Error');
      for (const before of [made, other]) {
        assert.deepEqual((await session.expect(200, 'GET', path(before.id))).json, before);
      }
    },
  },
  {
    number: 'extra',
    name: 'a schema error of one entity refuses the whole bulk POST, aligned by position; an explicit id is 403',
    async run(session) {
      const { severity: _, ...bare } = judgement(session);
      const good = judgement(session, { source: session.name() });
      const { json } = await session.expect(400, 'POST', `/ctia/bulk${WAIT}`, { judgements: [good, bare] });
      assert.deepEqual(json, { errors: { judgements: [null, { severity: 'missing-required-key' }] } });
      const feeds = await session.expect(400, 'POST', `/ctia/bulk${WAIT}`, { feeds: [] });
      assert.deepEqual(feeds.json, { errors: { feeds: 'disallowed-key' } });
      const explicit = judgement(session, { id: unknownId('judgement') });
      const refused = await session.expect(403, 'POST', `/ctia/bulk${WAIT}`, { judgements: [good, explicit] });
      assert.equal(refused.json.error, 'Missing capability to specify entity ID');
      const source = query({ source: String(good.source) });
      assert.equal((await session.expect(200, 'GET', `/ctia/judgement/search/count${source}`)).json, 0);
    },
  },
];

const UNRESOLVED =
  'A relationship cannot be created if a source or a target ref is still a transient ID (The source or target entity is probably not provided in the bundle)';

/** Two of each kind that we use in bulk. */
function ofEachKind(session: Session): Record<string, Record<string, unknown>[]> {
  const two = (make: () => Record<string, unknown>) => [make(), make()];
  return {
    judgements: two(() => judgement(session)),
    indicators: two(() => indicator(session)),
    relationships: two(() => relationship(session, foreignRef('judgement'), foreignRef('indicator'))),
    sightings: two(() => sighting(session)),
    incidents: two(() => incident(session)),
    casebooks: two(() => casebook(session)),
  };
}

function idsOf(entities: readonly { id: string }[]): string[] {
  return entities.map(({ id }) => id).sort();
}
