import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { incident, indicator, judgement, relationship, sighting } from './documents.ts';
import { path, pause, query, type Session } from './session.ts';

const HOUR = 3_600_000;
const NONE = { message: 'no verdict currently available for the supplied observable' };

export const verdictCases: Case[] = [
  {
    number: 51,
    name: 'the verdict is of the highest priority, then the lowest disposition, then the oldest start',
    async run(session) {
      const [past, later] = [hours(-3), hours(-2)];
      const table: [what: string, judgements: Record<string, unknown>[], winner: number][] = [
        [
          'priority',
          [
            { priority: 50, disposition: 1 },
            { priority: 90, disposition: 2 },
          ],
          1,
        ],
        ['Clean beats Malicious', [{ disposition: 2 }, { disposition: 1 }], 1],
        ['Malicious beats Suspicious', [{ disposition: 3 }, { disposition: 2 }], 1],
        ['Suspicious beats Common', [{ disposition: 4 }, { disposition: 3 }], 1],
        ['Common beats Unknown', [{ disposition: 5 }, { disposition: 4 }], 1],
        ['the oldest start', [{ valid_time: { start_time: later } }, { valid_time: { start_time: past } }], 1],
        [
          'severity plays no part',
          [{ severity: 'Low', valid_time: { start_time: past } }, { severity: 'Critical' }],
          0,
        ],
        [
          'what is over does not count',
          [{ priority: 1 }, { priority: 99, valid_time: { start_time: past, end_time: later } }],
          0,
        ],
        [
          'nor what is to come',
          [{ priority: 1 }, { priority: 99, valid_time: { start_time: hours(1), end_time: hours(2) } }],
          0,
        ],
      ];
      for (const [what, judgements, winner] of table) {
        const observable = { type: 'domain', value: `${session.name()}.example` };
        const ids = await judged(session, observable, judgements);
        const { json } = await session.expect(200, 'GET', verdictPath(observable));
        assert.equal(json.judgement_id, ids[winner], what);
        const won = (await session.expect(200, 'GET', path(ids[winner] ?? ''))).json;
        const { disposition, disposition_name, valid_time } = won;
        assert.deepEqual(json, {
          type: 'verdict',
          disposition,
          disposition_name,
          judgement_id: won.id,
          observable,
          valid_time,
        });
      }
    },
  },
  {
    number: 51,
    name: 'no verdict: nothing known, over, still to come, or an end that is its start',
    async run(session) {
      const now = new Date().toISOString();
      for (const valid_time of [
        undefined,
        { start_time: hours(-2), end_time: hours(-1) },
        { start_time: hours(1), end_time: hours(2) },
        { start_time: now, end_time: now },
      ]) {
        const observable = { type: 'domain', value: `${session.name()}.example` };
        if (valid_time !== undefined) await judged(session, observable, [{ valid_time }]);
        assert.deepEqual((await session.expect(404, 'GET', verdictPath(observable))).json, NONE);
      }
      await session.expect(400, 'GET', '/ctia/planet/mars/verdict');
    },
  },
  {
    number: 51,
    name: 'after the winner is deleted the next one is the verdict, and then none',
    async run(session) {
      const observable = { type: 'url', value: `https://${session.name()}.example/a?b=c,d;e` };
      const [first = '', second = ''] = await judged(session, observable, [{ priority: 99 }, { priority: 1 }]);
      for (const id of [first, second]) {
        const upper = { ...observable, value: observable.value.toUpperCase() };
        assert.equal((await session.expect(200, 'GET', verdictPath(upper))).json.judgement_id, id);
        await session.expect(204, 'DELETE', `${path(id)}?wait_for=true`);
      }
      assert.deepEqual((await session.expect(404, 'GET', verdictPath(observable))).json, NONE);
    },
  },
  {
    number: 52,
    name: 'a verdict is of what the caller may read',
    needs: ['a second organisation', 'a colleague'],
    async run(session) {
      const observable = { type: 'domain', value: `${session.name()}.example` };
      const stranger = await session.lab.stranger();
      const colleague = await session.lab.colleague();
      const group = (await stranger.create('indicator', indicator(stranger))).groups;
      const [green = '', forGroup = '', amber = '', red = ''] = await judged(session, observable, [
        { priority: 10, tlp: 'green' },
        { priority: 20, tlp: 'amber', authorized_groups: group },
        { priority: 30, tlp: 'amber' },
        { priority: 40, tlp: 'red' },
      ]);
      const seenBy = async (who: Session) => (await who.expect(200, 'GET', verdictPath(observable))).json.judgement_id;
      assert.equal(await seenBy(session), red);
      assert.equal(await seenBy(colleague), amber);
      assert.equal(await seenBy(stranger), forGroup);
      await session.expect(204, 'DELETE', `${path(forGroup)}?wait_for=true`);
      assert.equal(await seenBy(stranger), green);
    },
  },
  {
    number: 53,
    name: 'with from or to a verdict looks at when judgements were created, not at whether they are valid',
    async run(session) {
      const observable = { type: 'domain', value: `${session.name()}.example` };
      const over = { priority: 99, valid_time: { start_time: hours(-2), end_time: hours(-1) } };
      const [expired = ''] = await judged(session, observable, [over]);
      await pause(5);
      const [valid = ''] = await judged(session, observable, [{ priority: 1 }]);
      const created = async (id: string) => (await session.expect(200, 'GET', path(id))).json.created;
      const [first, second] = [await created(expired), await created(valid)];
      const verdict = async (range: Record<string, string>) =>
        (await session.call('GET', `${verdictPath(observable)}${query(range)}`)).json.judgement_id;
      assert.equal((await session.expect(200, 'GET', verdictPath(observable))).json.judgement_id, valid);
      assert.equal(await verdict({ from: first }), expired);
      assert.equal(await verdict({ from: second }), valid);
      assert.equal(await verdict({ from: first, to: second }), expired);
      assert.equal(await verdict({ to: first }), undefined);
    },
  },
  {
    number: 54,
    name: 'judgements of an observable, expired ones too, in the composite order',
    async run(session) {
      const observable = { type: 'domain', value: `${session.name()}.example` };
      const ids = await judged(session, observable, [
        { disposition: 2, valid_time: { start_time: hours(-5), end_time: hours(-4) } },
        { disposition: 1, valid_time: { start_time: hours(-3) } },
        { disposition: 2, valid_time: { start_time: hours(-1) } },
      ]);
      const at = `/ctia/domain/${observable.value}/judgements`;
      const found = async (parameters: string) =>
        (await session.expect(200, 'GET', `${at}${parameters}`)).json.map(({ id }: { id: string }) => id);
      assert.deepEqual((await found('')).sort(), [...ids].sort());
      const composite = 'disposition:asc,valid_time.start_time:desc';
      const order = [ids[1], ids[2], ids[0]];
      assert.deepEqual(await found(query({ sort_by: composite })), order);
      assert.deepEqual(await found(query({ sort_by: `${composite},timestamp:desc` })), order);
      await session.expect(400, 'GET', `${at}${query({ sort_by: 'disposition:desc,id' })}`);
      assert.deepEqual(await found(query({ sort_by: 'valid_time.start_time' })), ids);
      await session.expect(404, 'GET', `/ctia/domain/${observable.value}/indicators`);
    },
  },
  {
    number: 55,
    name: 'indicators by way of judgements and of sightings, incidents by way of sightings',
    async run(session) {
      const observable = { type: 'ip', value: `198.51.100.${Math.floor(Math.random() * 250)}` };
      const named = { type: 'domain', value: `${session.name()}.example` };
      const { json } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', {
        judgements: [judgement(session, { id: 'transient:j', observable: named })],
        sightings: [sighting(session, { id: 'transient:s', observables: [observable, named] })],
        indicators: ['based', 'element', 'other', 'seen', 'member'].map((name) =>
          indicator(session, { id: `transient:${name}` }),
        ),
        incidents: [incident(session, { id: 'transient:incident' })],
        relationships: [
          ['j', 'based-on', 'based'],
          ['j', 'element-of', 'element'],
          ['j', 'related-to', 'other'],
          ['s', 'sighting-of', 'seen'],
          ['s', 'member-of', 'member'],
          ['s', 'related-to', 'other'],
          ['s', 'member-of', 'incident'],
        ].map(([from, relationship_type, to]) =>
          relationship(session, `transient:${from}`, `transient:${to}`, { relationship_type }),
        ),
      });
      const id = (name: string) => json.tempids[`transient:${name}`];
      for (const [suffix, names] of [
        ['judgements/indicators', ['based', 'element']],
        ['sightings/indicators', ['seen', 'member']],
        ['sightings/incidents', ['incident']],
      ] as [string, string[]][]) {
        const found = (await session.expect(200, 'GET', `/ctia/domain/${named.value}/${suffix}`)).json;
        assert.deepEqual(found.sort(), names.map(id).sort(), suffix);
        const nobody = `/ctia/domain/${session.name()}.example/${suffix}`;
        assert.deepEqual((await session.expect(200, 'GET', nobody)).json, [], suffix);
      }
    },
  },
  {
    number: 56,
    name: 'sightings of an observable, within a range of created',
    async run(session) {
      const observable = { type: 'domain', value: `${session.name()}.example` };
      const first = await session.create('sighting', sighting(session, { observables: [observable] }));
      await pause(5);
      const second = await session.create('sighting', sighting(session, { observables: [observable] }));
      const aimed = { type: 'endpoint', observables: [observable], observed_time: { start_time: hours(-1) } };
      await session.create('sighting', sighting(session, { targets: [aimed] }));
      const found = async (range: Record<string, string>) => {
        const asked = Object.keys(range).length === 0 ? '' : query(range);
        const at = `/ctia/domain/${observable.value}/sightings${asked}`;
        return (await session.expect(200, 'GET', at)).json.map(({ id }: { id: string }) => id).sort();
      };
      assert.deepEqual(await found({}), [first.id, second.id].sort());
      assert.deepEqual(await found({ from: second.created }), [second.id]);
      assert.deepEqual(await found({ to: second.created }), [first.id]);
    },
  },
];

function hours(count: number): string {
  return new Date(Date.now() + count * HOUR).toISOString();
}

function verdictPath({ type, value }: { type: string; value: string }): string {
  return `/ctia/${type}/${encodeURIComponent(value)}/verdict`;
}

async function judged(
  session: Session,
  observable: { type: string; value: string },
  judgements: readonly Record<string, unknown>[],
): Promise<string[]> {
  const { json } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', {
    // A start of now may lie after the clock that the next request is judged by.
    judgements: judgements.map((more) =>
      judgement(session, { observable, valid_time: { start_time: hours(-1) }, ...more }),
    ),
  });
  return json.judgements;
}
