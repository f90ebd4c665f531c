import assert from 'node:assert/strict';
import type { Case } from './contract.ts';
import { indicator, KINDS } from './documents.ts';
import { LeftOut, path, query, type Session } from './session.ts';

export const accessCases: Case[] = [
  {
    number: 62,
    name: 'who reads and writes what: by tlp, as owner, colleague and stranger, and by being named',
    needs: ['a second organisation', 'a colleague'],
    async run(session) {
      const stranger = await session.lab.stranger();
      const colleague = await session.lab.colleague();
      const { owner, groups } = await stranger.create('indicator', indicator(stranger));
      // read write, as owner, colleague, stranger
      const table: [tlp: string, named: object, rights: string[]][] = [
        ['green', {}, ['rw', 'rw', 'r']],
        ['amber', {}, ['rw', 'rw', '']],
        ['red', {}, ['rw', '', '']],
        ['red', { authorized_users: [owner] }, ['rw', '', 'rw']],
        ['amber', { authorized_groups: groups }, ['rw', 'rw', 'rw']],
        ['red', { authorized_users: ['nobody'], authorized_groups: ['nothing'] }, ['rw', '', '']],
      ];
      for (const [tlp, named, expected] of table) {
        const rights: string[] = [];
        for (const who of [session, colleague, stranger]) {
          const body = indicator(session, { tlp, ...named });
          const made = await session.create('indicator', body);
          rights.push(await rightsOf(who, made.id, body));
        }
        assert.deepEqual(rights, expected, `${tlp} ${JSON.stringify(named)}`);
      }
    },
  },
  {
    number: 62,
    name: 'who changes an entity of another does not become its owner',
    needs: ['a second organisation', 'a colleague'],
    async run(session) {
      const stranger = await session.lab.stranger();
      const colleague = await session.lab.colleague();
      const { groups } = await stranger.create('indicator', indicator(stranger));
      const body = indicator(session, { authorized_groups: groups });
      const made = await session.create('indicator', body);
      for (const who of [stranger, colleague]) {
        const { json } = await who.expect(200, 'PUT', `${path(made.id)}?wait_for=true`, body);
        assert.deepEqual([json.owner, json.groups, json.created], [made.owner, made.groups, made.created]);
        if (made.client_id !== undefined) assert.equal(json.client_id, made.client_id);
      }
    },
  },
  {
    number: 63,
    name: 'a tlp below the least that is allowed is refused, which names those that are; without one the default is taken',
    async run(session) {
      const white = await session.call('POST', '/ctia/indicator', indicator(session, { tlp: 'white' }));
      const { tlp: _, ...bare } = indicator(session);
      const made = await session.create('indicator', bare);
      if (white.status === 201) throw new LeftOut('the tenant allows every tlp');
      assert.equal(white.status, 400);
      assert.equal(white.json.type, 'Invalid TLP Error');
      const allowed = /^Invalid document TLP white, allowed TLPs are: ([a-z,]+)$/.exec(white.json.message)?.[1];
      assert.ok(allowed?.split(',').includes(made.tlp), white.json.message);
      assert.equal(white.json.entity.tlp, 'white');
    },
  },
  {
    number: 'extra',
    name: 'what the caller may not read is 403 by id, absent from searches, and cannot be deleted',
    needs: ['a second organisation'],
    async run(session) {
      const stranger = await session.lab.stranger();
      for (const kind of KINDS) {
        const externalId = session.name();
        const made = await session.create(kind.type, kind.make(session, { external_ids: [externalId] }));
        for (const [method, verb] of [
          ['GET', 'read'],
          ['DELETE', 'read'],
        ]) {
          const { json } = await stranger.expect(403, method ?? '', path(made.id));
          assert.deepEqual(json, {
            error: 'Access Control validation Client Error',
            type: 'Access Control Error',
            message: `You are not allowed to ${verb} this document`,
            class: 'clojure.lang.ExceptionInfo',
          });
        }
        const listed = `/ctia/${kind.type}/external_id/${externalId}`;
        assert.deepEqual((await stranger.expect(200, 'GET', listed)).json, []);
        const found = `/ctia/${kind.type}/search${query({ id: made.id })}`;
        assert.deepEqual((await stranger.expect(200, 'GET', found)).json, []);
        await session.expect(200, 'GET', path(made.id));
      }
    },
  },
];

/** As far as it goes: `r`, `rw` or nothing. Who may write may delete, and the other way about. */
async function rightsOf(who: Session, id: string, body: object): Promise<string> {
  const read = (await who.call('GET', path(id))).status;
  const put = (await who.call('PUT', `${path(id)}?wait_for=true`, body)).status;
  const gone = (await who.call('DELETE', `${path(id)}?wait_for=true`)).status;
  assert.ok([200, 403].includes(read) && [200, 403].includes(put));
  assert.equal(gone, put === 200 ? 204 : 403);
  return `${read === 200 ? 'r' : ''}${put === 200 ? 'w' : ''}`;
}
