import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { makeRandom } from '../../src/embedded-ctia/random.ts';
import { call, channel, judgement, link, type Started, started } from './fixture.ts';

/** Few, so that they meet; in the order of UTF-16 units another one than in that of bytes, and one that is a part of another. */
const VALUES = ['a', 'aa', 'b', 'c.d', 'A', '', 'é', '\u{1f600}', '\ufffd', 'a b', 'a\tb', 'z'];
const TYPES = ['domain', 'ip', 'url'];
const SECOND = 1000;

/** What somebody writes, at random: every way in which an entry comes into a feed, stays, changes and leaves. */
function makeWriter(session: Started, colleague: { url: string; token: string }, indicators: string[], seed: number) {
  const random = makeRandom(seed);
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const judgements: string[] = [];
  const links: string[] = [];
  const at = (seconds: number) => new Date(session.clock.now() + seconds * SECOND).toISOString();
  const times = () => {
    const [start, end] = oneOf([
      [-5, -1],
      [-5, 2],
      [-5, 6],
      [-5, 60],
      [-5, 600],
      [3, 6],
      [3, 90],
      [8, 9],
    ] as const);
    return { start_time: at(start), end_time: at(end) };
  };
  const document = (more: object = {}) =>
    judgement('', { observable: { type: oneOf(TYPES), value: oneOf(VALUES) }, valid_time: times(), ...more });
  /** Mostly of our feed. */
  const target = () => indicators[random() < 0.8 ? 0 : 1] as string;
  const take = (ids: string[]): string | undefined => ids.splice(Math.floor(random() * ids.length), 1)[0];
  const wait = () => (random() < 0.5 ? '?wait_for=true' : '');

  const writes: Record<string, () => Promise<unknown>> = {
    async import() {
      const count = 1 + Math.floor(random() * 4);
      const { json } = await call(session, 'POST', '/ctia/bundle/import', {
        source: 'acme',
        judgements: Array.from({ length: count }, (_, n) => document({ id: `transient:${n}` })),
        relationships: Array.from({ length: count }, (_, n) => link(`transient:${n}`, target())),
      });
      for (const { type, id } of json.results as { type: string; id: string }[])
        (type === 'judgement' ? judgements : links).push(id);
    },
    async 'one more link'() {
      if (judgements.length === 0) return;
      const more = random() < 0.2 ? { relationship_type: 'sighting-of' } : {};
      const path = `/ctia/relationship${wait()}`;
      const { json } = await call(session, 'POST', path, link(oneOf(judgements), target(), more));
      links.push(json.id);
    },
    'renew, withdraw, revive, change': () =>
      call(session, 'PUT', `/ctia/bulk${wait()}`, {
        judgements: judgements.filter(() => random() < 0.3).map((id) => ({ ...document(), id })),
      }),
    'move a link': () =>
      call(session, 'PUT', `/ctia/bulk${wait()}`, {
        relationships: links
          .filter(() => random() < 0.1)
          .map((id) => ({ ...link(oneOf(judgements.length > 0 ? judgements : [id]), target()), id })),
      }),
    async expire() {
      if (judgements.length > 0) await call(session, 'POST', `${oneOf(judgements)}/expire?reason=over`);
    },
    'delete a judgement': async () => call(session, 'DELETE', `${take(judgements) ?? '/ctia/judgement/none'}${wait()}`),
    'delete a link': async () => call(session, 'DELETE', `${take(links) ?? '/ctia/relationship/none'}${wait()}`),
    async 'delete both'() {
      const ids = { judgements: [take(judgements) ?? []].flat(), relationships: [take(links) ?? []].flat() };
      await call(session, 'DELETE', '/ctia/bulk', ids);
    },
    /** For a while the owner of the feed may not read it, and the view is refused. */
    async 'hide and show'() {
      const made = await call(colleague, 'POST', '/ctia/bundle/import', {
        source: 'acme',
        judgements: [document({ id: 'transient:0' })],
        relationships: [link('transient:0', target())],
      });
      const id = made.json.results.find(({ type }: { type: string }) => type === 'judgement').id;
      await call(colleague, 'PUT', '/ctia/bulk?wait_for=true', { judgements: [{ ...document({ tlp: 'red' }), id }] });
      await look();
      await call(colleague, 'PUT', '/ctia/bulk?wait_for=true', { judgements: [{ ...document({ tlp: 'amber' }), id }] });
      judgements.push(id);
    },
    pass: async () => session.clock.step(oneOf([1, 40, SECOND, 2 * SECOND, 4 * SECOND])),
  };
  let look = async () => {};
  return async (lookAt: () => Promise<void>): Promise<string> => {
    look = lookAt;
    // More comes than goes.
    const name = random() < 0.2 ? 'import' : oneOf(Object.keys(writes));
    await writes[name]?.();
    return name;
  };
}

/** The JSON view is made anew each time. */
async function linesAnew(session: Started, feed: { feed_view_url: string }): Promise<string> {
  const { status, json } = await call(session, 'GET', feed.feed_view_url.replace('view.txt', 'view'));
  if (status !== 200) return `refused with ${status}`;
  const values = (json.observables as { value: string }[]).map(({ value }) => value);
  return values.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join('\n');
}

for (const [seed, refreshMs] of [
  [1, 0],
  [2, 50],
] as const) {
  test(`feed view: after whatever is written and however time passes it is as if made anew (seed ${seed})`, async (t) => {
    const session = await started(t, { refreshMs });
    const colleague = { url: session.url, token: await session.tokenOf({ login: 'colleague' }) };
    const { indicator, feed } = await channel(session);
    const { indicator: other, feed: otherFeed } = await channel(session);
    session.clock.step(refreshMs);
    const write = makeWriter(session, colleague, [indicator, other], seed);
    const tags = new Map<string, string>();
    let texts = 0;
    const look = async () => {
      for (const each of [feed, otherFeed]) {
        const held = tags.get(each.id) ?? '';
        const response = await fetch(each.feed_view_url, { headers: { 'If-None-Match': held } });
        const text = await response.text();
        const anew = await linesAnew(session, each);
        if (response.status === 304) {
          assert.equal(held, tagOf(anew));
          continue;
        }
        assert.equal(response.status === 200 ? text : `refused with ${response.status}`, anew);
        if (response.status !== 200) continue;
        const md5 = await call(session, 'GET', each.feed_view_url.replace('view.txt', 'view.txt.md5'));
        assert.equal(md5.text, createHash('md5').update(anew).digest('hex'));
        tags.set(each.id, String(response.headers.get('etag')));
        texts += 1;
      }
    };
    const done: string[] = [];
    for (let n = 0; n < 120; n += 1) {
      done.push(await write(look));
      // What several writes did is caught up with at once too.
      if (n % 3 === 0) continue;
      await look().catch((cause) => {
        throw new Error(`after ${done.slice(-5).join('; ')}: ${cause.message}`, { cause });
      });
    }
    assert.ok(texts > 50, `${texts} different texts`);
  });
}

function tagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`;
}
