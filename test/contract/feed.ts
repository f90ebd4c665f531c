import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { feed, foreignRef, indicator, judgement, relationship } from './documents.ts';
import { type Answer, eventually, path, query, type Session } from './session.ts';

const HOUR = 3_600_000;

export const feedCases: Case[] = [
  {
    number: 13,
    name: 'view.txt: values sorted, joined by one line feed, each once; no expired judgement, no other relationship',
    async run(session) {
      const { indicatorId, made } = await filled(session, 100);
      const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();
      const expired = judgement(session, { valid_time: { start_time: at(-2), end_time: at(-1) } });
      const future = judgement(session, { valid_time: { start_time: at(1), end_time: at(2) } });
      const twice = judgement(session, { observable: { type: 'domain', value: made[0] } });
      await linked(session, indicatorId, [expired, future, twice]);
      for (const relationship_type of ['sighting-of', 'based-on', 'member-of']) {
        await linked(session, indicatorId, [judgement(session)], { relationship_type });
      }
      const clean = judgement(session, { disposition: 1 });
      await linked(session, indicatorId, [clean]);
      const all = [...made, (clean.observable as { value: string }).value].sort();
      const answer = await view(session, await session.create('feed', feed(session, { indicator_id: indicatorId })));
      assert.equal(answer.text, all.join('\n'));
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/);
    },
  },
  {
    number: 14,
    name: 'a wrong secret is 401, a wrong query 400, in the words of each view',
    async run(session) {
      const made = await session.create('feed', feed(session));
      const text = `${path(made.id)}/view.txt`;
      const json = `${path(made.id)}/view`;
      const nobody = session.as('');
      assert.equal((await nobody.expect(401, 'GET', `${text}?s=wrong`)).text, 'wrong secret');
      assert.deepEqual((await nobody.expect(401, 'GET', `${json}?s=wrong`)).json, { error: 'wrong secret' });
      assert.equal((await nobody.expect(400, 'GET', text)).text, '{:errors {:s missing-required-key}}');
      assert.deepEqual((await nobody.expect(400, 'GET', json)).json, { errors: { s: 'missing-required-key' } });
      const unknown = await nobody.expect(400, 'GET', `${text}?invalid=1`);
      // An EDN map has no order.
      assert.match(
        unknown.text,
        /^\{:errors \{(:s missing-required-key, :invalid disallowed-key|:invalid disallowed-key, :s missing-required-key)\}\}$/,
      );
    },
  },
  {
    number: 15,
    name: 'switching the output changes the URL and what it shows, and keeps the secret',
    async run(session) {
      const { indicatorId, made, judgements } = await filled(session, 2);
      const document = feed(session, { indicator_id: indicatorId });
      const before = await session.create('feed', document);
      assert.equal(before.feed_view_url, `${before.id}/view.txt?s=${before.secret}`);
      const put = { ...document, output: 'judgements', secret: 'mine', feed_view_url: 'https://mine.example' };
      const { json: after } = await session.expect(200, 'PUT', path(before.id), put);
      assert.equal(after.secret, before.secret);
      assert.equal(after.feed_view_url, `${before.id}/view?s=${before.secret}`);
      // On a feed wait_for has no effect (§2.2).
      await eventually(async () => {
        const { json: shown } = await view(session, after);
        assert.deepEqual(Object.keys(shown), ['judgements']);
        assert.deepEqual(shown.judgements.map(({ id }: { id: string }) => id).sort(), [...judgements].sort());
      });
      await session.expect(200, 'PUT', path(before.id), document);
      await eventually(async () => {
        const observables = (await session.as('').call('GET', `${path(before.id)}/view?s=${before.secret}`)).json
          .observables;
        assert.deepEqual(observables.map(({ value }: { value: string }) => value).sort(), [...made].sort());
      });
    },
  },
  {
    number: 16,
    name: '100 links in pages of 20 are 6 requests, led by X-Search_after in EDN',
    async run(session) {
      const { indicatorId, made } = await filled(session, 100);
      const { id, secret } = await session.create('feed', feed(session, { indicator_id: indicatorId }));
      const seen = new Set<string>();
      let cursor: string[] = [];
      for (let page = 1; page <= 6; page++) {
        const parameters = query({ s: secret, limit: 20, search_after: cursor });
        const { json, headers } = await session.as('').expect(200, 'GET', `${path(id)}/view${parameters}`);
        for (const { value } of json.observables) seen.add(value);
        const next = headers.get('x-search_after');
        for (const absent of ['x-total-hits', 'x-next', 'x-sort']) assert.equal(headers.has(absent), false, absent);
        if (page === 6) {
          assert.deepEqual(json.observables, []);
          assert.equal(next, null);
          break;
        }
        const parts = /^\[(\d+) "(relationship-[0-9a-f-]+)"\]$/.exec(next ?? '');
        assert.ok(parts !== null, `X-Search_after: ${next}`);
        assert.equal(headers.get('x-limit'), '20');
        cursor = parts.slice(1);
      }
      assert.deepEqual([...seen].sort(), [...made].sort());
    },
  },
  {
    number: 17,
    name: 'without paging parameters a view holds all, also more than one window of 10,000',
    needs: ['many objects'],
    async run(session) {
      const indicatorId = (await session.create('indicator', indicator(session))).id;
      const made: string[] = [];
      for (let batch = 0; batch < 11; batch++) {
        const documents = Array.from({ length: 950 }, () => judgement(session));
        made.push(...documents.map(({ observable }) => (observable as { value: string }).value));
        await linked(session, indicatorId, documents);
      }
      const answer = await view(session, await session.create('feed', feed(session, { indicator_id: indicatorId })));
      assert.equal(answer.text, made.sort().join('\n'));
    },
  },
  {
    number: 17,
    name: 'a limit above 10,000 is 400, in EDN or JSON',
    async run(session) {
      const { id, secret } = await session.create('feed', feed(session));
      const ask = query({ s: secret, limit: 10_001 });
      const text = await session.as('').expect(400, 'GET', `${path(id)}/view.txt${ask}`);
      assert.equal(text.text, '{:errors {:limit "(not (less-than-10000? 10001))"}}');
      const json = await session.as('').expect(400, 'GET', `${path(id)}/view${ask}`);
      assert.deepEqual(json.json, { errors: { limit: '(not (less-than-10000? 10001))' } });
    },
  },
  {
    number: 71,
    name: 'view.txt is plain text where Accept is */* and a JSON string where JSON is asked for',
    async run(session) {
      const { indicatorId, made } = await filled(session, 2);
      const { feed_view_url: url } = await session.create('feed', feed(session, { indicator_id: indicatorId }));
      const text = made.sort().join('\n');
      const any = await session.as('').call('GET', url, undefined, { accept: '*/*' });
      assert.equal(any.text, text);
      const json = await session.as('').call('GET', url, undefined, { accept: 'application/json' });
      assert.equal(json.json, text);
      assert.match(json.headers.get('content-type') ?? '', /^application\/json/);
    },
  },
  {
    number: 'extra',
    name: 'a feed whose lifetime is over is 404, also with a wrong secret',
    async run(session) {
      const lifetime = { start_time: '2020-01-01T00:00:00.000Z', end_time: '2021-01-01T00:00:00.000Z' };
      const { id, secret } = await session.create('feed', feed(session, { lifetime }));
      for (const s of [secret, 'wrong']) {
        const text = await session.as('').expect(404, 'GET', `${path(id)}/view.txt?s=${s}`);
        assert.equal(text.text, 'feed not found');
        const { json } = await session.as('').expect(404, 'GET', `${path(id)}/view?s=${s}`);
        assert.deepEqual(json, { error: 'feed not found' });
      }
    },
  },
  {
    number: 'extra',
    name: 'a link to a judgement that was deleted, of another host or of another type is passed over',
    async run(session) {
      const { indicatorId, made, judgements } = await filled(session, 2);
      await session.expect(204, 'DELETE', `${path(judgements[0] ?? '')}?wait_for=true`);
      for (const ref of [foreignRef('judgement'), foreignRef('sighting')]) {
        await session.create('relationship', relationship(session, ref, indicatorId));
      }
      const answer = await view(session, await session.create('feed', feed(session, { indicator_id: indicatorId })));
      assert.equal(answer.text, made[1]);
    },
  },
  {
    number: 'extra',
    name: 'an unknown query parameter of a view is 400',
    async run(session) {
      const { id, secret } = await session.create('feed', feed(session));
      const { json } = await session.as('').expect(400, 'GET', `${path(id)}/view${query({ s: secret, nocache: 1 })}`);
      assert.deepEqual(json, { errors: { nocache: 'disallowed-key' } });
      const text = await session.as('').expect(400, 'GET', `${path(id)}/view.txt${query({ s: secret, nocache: 1 })}`);
      assert.equal(text.text, '{:errors {:nocache disallowed-key}}');
    },
  },
  {
    number: 'extra',
    name: 'view.txt of an empty feed is an empty 200',
    async run(session) {
      const { id } = await session.create('indicator', indicator(session));
      for (const more of [{ indicator_id: id }, {}]) {
        assert.equal((await view(session, await session.create('feed', feed(session, more)))).text, '');
      }
    },
  },
];

/** An indicator with `count` judgements: their values and their ids, in one order. */
async function filled(session: Session, count: number) {
  const indicatorId: string = (await session.create('indicator', indicator(session))).id;
  const documents = Array.from({ length: count }, () => judgement(session));
  const judgements = await linked(session, indicatorId, documents);
  return { indicatorId, judgements, made: documents.map(({ observable }) => (observable as { value: string }).value) };
}

async function linked(session: Session, indicatorId: string, documents: object[], more = {}): Promise<string[]> {
  const { json } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', {
    judgements: documents.map((document, i) => ({ ...document, id: `transient:${i}` })),
    relationships: documents.map((_, i) => relationship(session, `transient:${i}`, indicatorId, more)),
  });
  for (const id of [...json.judgements, ...json.relationships]) assert.equal(typeof id, 'string', JSON.stringify(id));
  return json.judgements;
}

/** As a firewall asks: without a token, by the URL that the feed names. */
function view(session: Session, { feed_view_url: url }: { feed_view_url: string }): Promise<Answer> {
  return session.as('').expect(200, 'GET', url);
}
