import { createHash } from 'node:crypto';
import { makeIndicator, makeJudgement, makeLink } from '../reconcile/foreign.ts';
import type { Answered, Call } from './caller.ts';
import { IPS, type Lists, typeOf } from './lists.ts';
import type { World } from './world.ts';

/** A document that is not ours, as it was when somebody wrote it. */
export interface Foreign {
  readonly what: string;
  readonly path: string;
  readonly text: string;
  readonly by: Call;
}

/** A value that a foreign link keeps in a feed, and from when until when. */
export interface Kept {
  readonly feed: string;
  readonly value: string;
  readonly from: number;
  readonly until: number;
  /** The path of the judgement, where an entry may name it later. */
  readonly by?: string;
}

export const OTHER_OWNER = 'acme2';

/** Of another team of our organisation, which works with the same product, the same titles and an owner that begins like ours. */
export function listsOfOthers(): Lists {
  const entries = new Map([
    [IPS[1] ?? '', {}],
    ['203.0.113.77', {}],
  ]);
  return new Map([['tor', { name: 'tor', action: 'block', channel: 'firewall-block', lifetime: '300d', entries }]]);
}

/** What others hold from the beginning. Some of it looks like ours, by a part of an id, by its case, or by its words. */
export async function makeForeign(
  world: Pick<World, 'colleague' | 'stranger' | 'now'>,
): Promise<{ foreign: Foreign[]; kept: Kept[] }> {
  const { colleague, stranger, now } = world;
  const indicator = await indicatorCalled(colleague, 'Secure_Firewall_SecureX_Indicator_IPv4');
  const foreign: Foreign[] = [];
  const kept: Kept[] = [];
  const note = async (what: string, made: { id: string }, by = colleague) => {
    foreign.push(await asItIs(what, made.id, by));
    return made.id;
  };
  const linked = async (what: string, value: string, more: object, until: string, linkIds: string[] = []) => {
    const valid_time = { start_time: '2026-11-20T00:00:00.000Z', end_time: until };
    const id = await note(what, await makeJudgement(colleague, value, { ...more, valid_time }));
    await note(`${what}, link`, await makeLink(colleague, id, indicator, { external_ids: linkIds }));
    kept.push({ feed: 'firewall-block/ip', value, from: Date.parse(valid_time.start_time), until: Date.parse(until) });
  };
  const idOf = (kind: string, list: string, ip: string, g = 0) => `acme-${kind}-${hashOf(list, ip)}-${g}`;
  const [, , , , , a = '', b = '', c = '', d = ''] = IPS;

  const marks = ['ACME-owned', 'acme-ownedby', idOf('judgement', 'tor', c, 7), `acme-entry-${hashOf('tor', c)}`];
  await linked('our mark in other letters', '203.0.113.9', { external_ids: marks }, '2027-11-20T00:00:00.000Z', [
    'Acme-Owned',
    idOf('link', 'tor', c, 7),
  ]);
  await linked('made by hand, with our words', IPS[12] ?? '', HAND_WORDS, '2026-11-28T12:00:00.000Z');
  await linked('made by hand, without an end of its own', IPS[3] ?? '', {}, '2525-01-01T00:00:00.000Z');
  await note('judged by hand, in no feed', await makeJudgement(colleague, IPS[0] ?? ''));
  for (const [list, ip] of [
    ['tor', a],
    ['manual', a],
    ['tor', b],
  ] as const) {
    const more = { external_ids: [idOf('judgement', list, ip)], valid_time: LONG_DEAD };
    await note(`holds the id of ${list} ${ip}`, await makeJudgement(colleague, ip, more));
  }
  const elsewhere = await note('an indicator of another team', await makeIndicator(colleague, 'Their own'));
  const theirs = await note('a judgement of another team', await makeJudgement(colleague, '203.0.113.50'));
  await note(
    `holds the id of the link of manual ${d}`,
    await makeLink(colleague, theirs, elsewhere, { external_ids: [idOf('link', 'manual', d)] }),
  );

  const green = { tlp: 'green', external_ids: ['acme-owned', idOf('judgement', 'spam', a)] };
  await note('of another organisation, with our mark', await makeJudgement(stranger, a, green), stranger);
  const title = 'CTIM_Feeds_partner_Indicator_IPv4';
  await note(
    'of another organisation, with our title',
    await makeIndicator(stranger, title, { tlp: 'green' }),
    stranger,
  );

  const before = foreign.length;
  for (const kind of ['judgement', 'relationship', 'indicator', 'feed']) {
    for (const { id } of (await colleague('GET', `/ctia/${kind}/external_id/${OTHER_OWNER}-owned?limit=1000`)).json) {
      await note(`${kind} of ${OTHER_OWNER}`, { id });
    }
  }
  for (const { entries } of before < foreign.length ? listsOfOthers().values() : []) {
    for (const value of entries.keys())
      kept.push({ feed: 'firewall-block/ip', value, from: 0, until: now() + 300 * 24 * 3_600_000 });
  }
  return { foreign, kept };
}

const LONG_DEAD = { start_time: '2026-01-01T00:00:00.000Z', end_time: '2026-01-02T00:00:00.000Z' };
const HAND_WORDS = {
  source: 'tor',
  external_references: [{ source_name: 'acme/tor', external_id: 'c1:feeds/tor.yaml:6', description: 'lifetime 2d' }],
};

export async function asItIs(what: string, id: string, by: Call): Promise<Foreign> {
  const path = new URL(id).pathname;
  const { status, text } = await by('GET', path);
  if (status !== 200) throw new Error(`${what}: GET ${path} answered ${status}`);
  return { what, path, text, by };
}

async function indicatorCalled(by: Call, title: string): Promise<string> {
  const { json }: Answered = await by('GET', '/ctia/indicator/search?limit=1000');
  const found = json.find((it: { title?: string }) => it.title === title);
  if (found === undefined) throw new Error(`there is no indicator ${title}`);
  return found.id;
}

function hashOf(list: string, value: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['firewall-block', list, typeOf(value), value]))
    .digest('hex');
}

const BULK_KINDS = ['judgement', 'relationship', 'indicator'];
/** What every server of a story takes in one request. */
const BULK_LEAST = 6;

/** As they are now, by path: as many as may be in one request, since a story looks often. */
export async function textsOf(those: readonly Foreign[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const by of new Set(those.map((it) => it.by))) {
    const paths = those.filter((it) => it.by === by).map(({ path }) => path);
    const inBulk = paths.filter((path) => BULK_KINDS.includes(kindOf(path)));
    for (let at = 0; at < inBulk.length; at += BULK_LEAST) {
      const asked = inBulk
        .slice(at, at + BULK_LEAST)
        .map((path) => `${kindOf(path)}s=${path.slice(path.lastIndexOf('/') + 1)}`);
      const { json } = await by('GET', `/ctia/bulk?${asked.join('&')}`);
      for (const document of Object.values(json).flat() as ({ id: string } | null)[])
        if (document !== null) texts.set(new URL(document.id).pathname, JSON.stringify(document));
    }
    for (const path of paths) if (!BULK_KINDS.includes(kindOf(path))) texts.set(path, (await by('GET', path)).text);
  }
  return texts;
}

function kindOf(path: string): string {
  return path.split('/')[2] ?? '';
}
