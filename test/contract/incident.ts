import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { casebook, incident, unknownId } from './documents.ts';
import { assertHolds } from './holds.ts';
import { assertNow, eventually, path, query } from './session.ts';

const OPENED = '2026-01-02T03:04:05.000Z';

export const incidentCases: Case[] = [
  {
    number: 65,
    name: 'link: a casebook or an investigation becomes related to the incident, amber unless told otherwise',
    async run(session) {
      const made = await session.create('incident', incident(session));
      const book = await session.create('casebook', casebook(session));
      for (const [more, tlp] of [
        [{}, 'amber'],
        [{ tlp: 'green' }, 'green'],
      ] as [object, string][]) {
        const { json } = await session.expect(201, 'POST', linkPath(made.id), { casebook_id: book.id, ...more });
        assertHolds(json, {
          type: 'relationship',
          relationship_type: 'related-to',
          source_ref: book.id,
          target_ref: made.id,
          tlp,
        });
        await eventually(async () => assert.deepEqual((await session.call('GET', path(json.id))).json, json));
      }
    },
  },
  {
    number: 65,
    name: 'link: 404 for an unknown incident, 400 for an unknown other end, 400 for none or two of them',
    async run(session) {
      const made = await session.create('incident', incident(session));
      const book = await session.create('casebook', casebook(session));
      const nowhere = await session.expect(404, 'POST', linkPath(unknownId('incident')), { casebook_id: book.id });
      assert.deepEqual(nowhere.json, { error: 'Invalid Incident id' });
      const unknown = (type: string) => book.id.replace(/casebook\/.*/, `${type}/${unknownId(type)}`);
      for (const [body, error] of [
        [{ casebook_id: unknown('casebook') }, 'Invalid Casebook id'],
        [{ investigation_id: unknown('investigation') }, 'Invalid Investigation id'],
      ] as [object, string][]) {
        assert.deepEqual((await session.expect(400, 'POST', linkPath(made.id), body)).json, { error });
      }
      const exactlyOne = 'Please provide exactly one of the following fields: casebook_id, investigation_id\n';
      // Whether the text is bare or inside a JSON object is not said.
      const none = await session.expect(400, 'POST', linkPath(made.id), {});
      assert.ok(words(none).includes(`${exactlyOne}None provided.`), none.text);
      const two = { casebook_id: book.id, investigation_id: unknown('investigation') };
      const both = words(await session.expect(400, 'POST', linkPath(made.id), two));
      assert.ok(both.includes(`${exactlyOne}Provided: `), both);
      assert.match(both, /casebook_id.*investigation_id|investigation_id.*casebook_id/s);
    },
  },
  {
    number: 66,
    name: 'a change of status sets the time that goes with it, and keeps those that were',
    async run(session) {
      // [from, to, times that become now, times that stay]
      const table: [string, string, string[], string[]][] = [
        ['New', 'Open', ['opened'], []],
        ['New: Processing', 'Open: Investigating', ['opened'], []],
        ['New', 'Open: Contained', ['opened', 'contained'], []],
        ['Open', 'Open: Contained', ['contained'], ['opened']],
        ['Open', 'Closed', ['closed'], ['opened']],
        ['Closed', 'Closed: Merged', [], ['opened', 'closed']],
        ['Open', 'Open: Reported', [], ['opened']],
        ['Hold', 'Open', [], ['opened']],
        ['Closed', 'Open', [], ['opened', 'closed']],
        ['Open', 'Containment Achieved', ['remediated'], ['opened']],
        ['Open', 'Restoration Achieved', ['remediated'], ['opened']],
        ['Open', 'Rejected', ['rejected'], ['opened']],
        ['Open', 'Incident Reported', ['reported'], ['opened']],
        ['Open', 'Open', [], ['opened']],
      ];
      for (const [from, to, now, kept] of table) {
        const incident_time = { opened: OPENED, ...(from.startsWith('Closed') && { closed: OPENED }) };
        const made = await session.create('incident', incident(session, { status: from, incident_time }));
        assert.deepEqual(made.incident_time, incident_time, 'not on create');
        const { json } = await session.expect(200, 'POST', `${path(made.id)}/status`, { status: to });
        const told = `${from} → ${to}`;
        assert.equal(json.status, to);
        for (const name of now) assertNow(json.incident_time[name], json.modified, `${told}: ${name} is now`);
        for (const name of kept) assert.equal(json.incident_time[name], OPENED, `${told}: ${name} is kept`);
        assert.deepEqual(
          Object.keys(json.incident_time).sort(),
          [...new Set([...now, ...kept])].sort(),
          `${told}: no other time`,
        );
        for (const hidden of ['intervals', 'new_to_opened']) assert.equal(hidden in json, false);
      }
    },
  },
  {
    number: 66,
    name: 'PUT and PATCH set the times as well; what was closed and is closed again is closed now',
    async run(session) {
      const made = await session.create('incident', incident(session));
      const opened = (
        await session.expect(200, 'PATCH', `${path(made.id)}?wait_for=true`, {
          status: 'Open',
          incident_time: { opened: '2020-01-01T00:00:00.000Z' },
        })
      ).json;
      assertNow(opened.incident_time.opened, opened.modified, 'whatever the client sent');
      const body = incident(session, { status: 'Closed', incident_time: { opened: opened.incident_time.opened } });
      const closed = (await session.expect(200, 'PUT', `${path(made.id)}?wait_for=true`, body)).json;
      assertNow(closed.incident_time.closed, closed.modified, 'closed');
      await session.expect(200, 'PATCH', `${path(made.id)}?wait_for=true`, { status: 'Open' });
      const again = (await session.expect(200, 'PATCH', `${path(made.id)}?wait_for=true`, { status: 'Closed' })).json;
      assertNow(again.incident_time.closed, again.modified, 'closed again');
      assert.notEqual(again.incident_time.closed, closed.incident_time.closed);
      const unknown = `/ctia/incident/${unknownId('incident')}`;
      assert.equal((await session.expect(404, 'POST', `${unknown}/status`, { status: 'Open' })).text, '');
      assert.equal((await session.expect(404, 'PATCH', unknown, { status: 'Open' })).text, '');
      await session.expect(400, 'POST', `${path(made.id)}/status`, { status: 'Ajar' });
    },
  },
  {
    number: 67,
    name: 'the timestamp of an incident survives changes of status, PATCH and PUT',
    async run(session) {
      const timestamp = '2026-01-01T00:00:00.000Z';
      const made = await session.create('incident', incident(session, { timestamp }));
      const at = path(made.id);
      const put = await session.expect(200, 'PUT', `${at}?wait_for=true`, incident(session));
      const patch = await session.expect(200, 'PATCH', `${at}?wait_for=true`, { title: session.name() });
      const status = await session.expect(200, 'POST', `${at}/status`, { status: 'Open' });
      for (const { json } of [put, patch, status]) assert.equal(json.timestamp, timestamp);
    },
  },
  {
    number: 68,
    name: 'incidents are found by tactics, techniques and detection sources; scores and severity have an order',
    async run(session) {
      const source = session.name();
      const incidents = [
        {
          tactics: ['TA0002'],
          techniques: ['T1059'],
          detection_sources: ['A'],
          scores: { asset: 10 },
          severity: 'Low',
        },
        { tactics: ['TA0002', 'TA0003'], detection_sources: ['A', 'B'], scores: { asset: 9.5 }, severity: 'Critical' },
        { tactics: ['TA0005'], techniques: ['T1059'], scores: { asset: 100 }, severity: 'Medium' },
      ].map((more) => incident(session, { source, ...more }));
      const { json } = await session.expect(201, 'POST', '/ctia/bulk?wait_for=true', { incidents });
      const numbers = async (parameters: Parameters<typeof query>[0]) => {
        const asked = query({ source, ...parameters });
        const found = (await session.expect(200, 'GET', `/ctia/incident/search${asked}`)).json;
        return found.map(({ id }: { id: string }) => json.incidents.indexOf(id));
      };
      assert.deepEqual((await numbers({ tactics: 'TA0002' })).sort(), [0, 1]);
      assert.deepEqual((await numbers({ tactics: ['TA0003', 'TA0005'] })).sort(), [1, 2]);
      assert.deepEqual((await numbers({ techniques: 'T1059', tactics: 'TA0005' })).sort(), [2]);
      assert.deepEqual((await numbers({ detection_sources: 'B' })).sort(), [1]);
      assert.deepEqual((await numbers({ query: 'scores.asset:[9 TO 10]' })).sort(), [0, 1]);
      assert.deepEqual((await numbers({ query: 'scores.asset:>10' })).sort(), [2]);
      assert.deepEqual(await numbers({ sort_by: 'scores.asset' }), [1, 0, 2]);
      assert.deepEqual(await numbers({ sort_by: 'severity:desc' }), [1, 2, 0]);
    },
  },
];

function linkPath(id: string): string {
  return `${path(id)}/link?wait_for=true`;
}

function words({ json, text }: { json: unknown; text: string }): string {
  if (typeof json === 'string') return json;
  return typeof json === 'object' && json !== null ? Object.values(json).join('\n') : text;
}
