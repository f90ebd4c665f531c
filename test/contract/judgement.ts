import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { judgement, unknownId } from './documents.ts';
import { assertHolds } from './holds.ts';
import { assertNow, eventually, path, query, shortId } from './session.ts';

const NAMES = ['', 'Clean', 'Malicious', 'Suspicious', 'Common', 'Unknown'];
const FAR_FUTURE = '2525-01-01T00:00:00.000Z';
const MINUTE = 60_000;

export const judgementCases: Case[] = [
  {
    number: 8,
    name: 'disposition: each is derived from the other, none is Unknown, a mismatch is 400',
    async run(session) {
      for (const [disposition, disposition_name] of NAMES.entries()) {
        if (disposition === 0) continue;
        const { disposition: _, ...bare } = judgement(session);
        for (const given of [{ disposition }, { disposition_name }, { disposition, disposition_name }]) {
          const made = await session.create('judgement', { ...bare, ...given });
          assertHolds(made, { disposition, disposition_name });
        }
      }
      const { disposition: _, ...none } = judgement(session);
      assertHolds(await session.create('judgement', none), {
        disposition: 5,
        disposition_name: 'Unknown',
      });
      const mismatch = judgement(session, { disposition: 1, disposition_name: 'Unknown' });
      const { json } = await session.expect(400, 'POST', '/ctia/judgement', mismatch);
      assert.equal(json.error, 'Mismatched disposition and dispositon_name for judgement');
      assertHolds(json.judgement, mismatch);
    },
  },
  {
    number: 9,
    name: 'what the server fills in: an end in 2525, a start of now, tlp, owner, groups',
    async run(session) {
      const { tlp: _, ...bare } = judgement(session);
      const made = await session.create('judgement', bare);
      assert.equal(made.valid_time.end_time, FAR_FUTURE);
      assertNow(made.valid_time.start_time, made.created, 'start_time');
      assert.ok(['white', 'green', 'amber', 'red'].includes(made.tlp));
      assert.ok(made.owner.length > 0 && made.groups.length > 0);
    },
  },
  {
    number: 10,
    name: 'expire ends a judgement now and appends the reason; without a reason it is 400, of nothing a plain 404',
    async run(session) {
      const now = Date.now();
      const valid_time = { start_time: new Date(now - 60 * MINUTE).toISOString() };
      for (const [reason, expected] of [
        ['listed by acme', 'listed by acme false alarm'],
        [undefined, ' false alarm'],
      ]) {
        const made = await session.create('judgement', judgement(session, { valid_time, ...(reason && { reason }) }));
        const expire = `${path(made.id)}/expire`;
        const { json: refused } = await session.expect(400, 'POST', expire);
        assert.deepEqual(refused, { errors: { reason: 'missing-required-key' } });
        const { json } = await session.expect(200, 'POST', `${expire}${query({ reason: 'false alarm' })}`);
        assert.equal(json.reason, expected);
        assertNow(json.valid_time.end_time, json.modified, 'end_time');
        await eventually(async () => assert.deepEqual((await session.call('GET', path(made.id))).json, json));
      }
      const unknown = `/ctia/judgement/${unknownId('judgement')}/expire?reason=x`;
      assert.equal((await session.expect(404, 'POST', unknown)).text, 'Judgement not found');
    },
  },
  {
    number: 10,
    name: 'a judgement that starts in the future cannot be expired',
    async run(session) {
      const valid_time = { start_time: new Date(Date.now() + 60 * MINUTE).toISOString() };
      const made = await session.create('judgement', judgement(session, { valid_time }));
      const { json } = await session.expect(400, 'POST', `${path(made.id)}/expire?reason=x`);
      assert.equal(json.error, 'Spec Validation Client Error');
    },
  },
  {
    number: 12,
    name: 'query: quoted, unquoted, free text, a field in any case; the tlp filter keeps and drops',
    async run(session) {
      const source = session.name();
      const word = session.name();
      const made = await session.create('judgement', judgement(session, { source, reason: `seen by ${word} twice` }));
      const found = async (parameters: Record<string, string>) =>
        (await session.expect(200, 'GET', `/ctia/judgement/search${query(parameters)}`)).json;
      for (const text of [
        `source:"${source}"`,
        `source:${source}`,
        `source:${source.toUpperCase()}`,
        word,
        `"seen by ${word}"`,
        `observable.value:"${made.observable.value}"`,
        `source:${source} AND disposition_name:malicious`,
        `source:${source} AND NOT disposition:1`,
        `source:(${source} OR nobody)`,
        `source:${source.slice(0, -1)}*  AND reason:${word}`,
        `id:*${shortId(made.id)}`,
      ]) {
        assert.deepEqual(await found({ query: text }), [made], text);
      }
      assert.deepEqual(await found({ query: `source:${source} AND disposition:1` }), []);
      assert.deepEqual(await found({ query: `source:${source}`, tlp: 'amber' }), [made]);
      assert.deepEqual(await found({ query: `source:${source}`, tlp: 'red' }), []);
    },
  },
  {
    number: 74,
    name: 'valid_time may start and end at once, and not end before it starts',
    async run(session) {
      const at = '2026-01-01T00:00:00.000Z';
      await session.create('judgement', judgement(session, { valid_time: { start_time: at, end_time: at } }));
      const wrong = judgement(session, { valid_time: { start_time: at, end_time: '2025-12-31T23:59:59.999Z' } });
      const { json } = await session.expect(400, 'POST', '/ctia/judgement', wrong);
      assert.equal(json.error, 'Spec Validation Client Error');
      const { json: bulk } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', {
        sightings: [
          { observed_time: { start_time: at, end_time: at }, source: session.run, tlp: 'amber' },
          {
            observed_time: { start_time: at, end_time: '2025-12-31T00:00:00.000Z' },
            source: session.run,
            tlp: 'amber',
          },
        ],
      });
      assert.equal(typeof bulk.sightings[0], 'string');
      assert.equal(bulk.sightings[1].type, 'spec-validation-error');
    },
  },
  {
    number: 'extra',
    name: 'PUT of one judgement needs developer, which no client has: 403; bulk PUT renews it',
    async run(session) {
      const document = judgement(session, { external_ids: [session.name()] });
      const made = await session.create('judgement', document);
      const { json: refused } = await session.expect(403, 'PUT', path(made.id), document);
      assert.equal(refused.error, 'missing_capability');
      assert.equal(refused.owner, made.owner);
      const end_time = '2030-01-01T00:00:00.000Z';
      const renewed = { ...document, id: made.id, valid_time: { end_time } };
      const { json } = await session.expect(200, 'PUT', '/ctia/bulk?wait_for=true', { judgements: [renewed] });
      assert.deepEqual(json, { judgements: { updated: [made.id] } });
      const { json: read } = await session.expect(200, 'GET', path(made.id));
      assert.deepEqual(read.valid_time, { start_time: made.valid_time.start_time, end_time });
      assert.deepEqual(read.external_ids, document.external_ids);
    },
  },
  {
    number: 'extra',
    name: 'a PUT without external_ids drops them, without an end keeps it, without a disposition makes it Unknown',
    async run(session) {
      const end_time = '2030-01-01T00:00:00.000Z';
      const external = session.name();
      const document = judgement(session, { external_ids: [external], valid_time: { end_time }, reason: 'listed' });
      const made = await session.create('judgement', document);
      const { external_ids: _, valid_time: __, disposition: ___, reason: ____, ...bare } = document;
      await session.expect(200, 'PUT', '/ctia/bulk?wait_for=true', { judgements: [{ ...bare, id: made.id }] });
      const { json } = await session.expect(200, 'GET', path(made.id));
      assert.equal('external_ids' in json || 'reason' in json, false);
      assert.equal(json.valid_time.end_time, end_time);
      assert.equal(json.disposition_name, 'Unknown');
      const { json: found } = await session.expect(200, 'GET', `/ctia/judgement/external_id/${external}`);
      assert.deepEqual(found, []);
    },
  },
];
