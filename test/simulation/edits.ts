import type { Chance } from './chance.ts';
import { ALLOWABLE, BLOCKABLE, IPS, LIFETIMES, type List, type Lists, type Words } from './lists.ts';

const DAY = 24 * 60 * 60 * 1000;

/** What is there from the beginning: block lists of one channel, one of another, and an allow list. */
export function firstLists(): Lists {
  const list = (name: string, more: Partial<List> = {}): List => ({
    name,
    action: 'block',
    channel: 'firewall-block',
    lifetime: '2d',
    entries: new Map(),
    ...more,
  });
  return new Map([
    ['tor', list('tor', { entries: new Map(IPS.slice(0, 4).map((ip) => [ip, {}])) })],
    ['manual', list('manual', { lifetime: '14d', entries: new Map([[IPS[4] ?? '', {}]]) })],
    ['team/spam', list('spam', { lifetime: '3d' })],
    ['partner', list('partner', { channel: 'partner', entries: new Map([[IPS[0] ?? '', {}]]) })],
    ['never', list('never', { action: 'allow', channel: 'firewall-allow', lifetime: '3d' })],
    ['trial', list('trial', { once: { listed: 0 } })],
  ]);
}

/** Some edits of one commit, each told in a few words. */
export function edit(lists: Lists, chance: Chance, now: number): string[] {
  return Array.from({ length: 1 + chance.below(4) }, () => chance.pick(EDITS)(lists, chance, now));
}

/** Those that people edit in any way. */
export function ordinary(lists: Lists): [string, List][] {
  return [...lists].filter(([, { once }]) => once === undefined);
}

type Edit = (lists: Lists, chance: Chance, now: number) => string;

const add: Edit = (lists, chance, now) => {
  const [file, list] = chance.pick(ordinary(lists));
  const pool = list.action === 'allow' ? ALLOWABLE : list.channel === 'partner' ? IPS : BLOCKABLE;
  const value = chance.pick(pool);
  const words = drawWords(chance, now);
  list.entries.set(value, words);
  return `${file}: ${value} ${Object.entries(words).flat().join(' ')}`.trim();
};

const remove: Edit = (lists, chance) => {
  const [file, list] = chance.pick(ordinary(lists));
  const [value] = [...list.entries.keys()].slice(chance.below(list.entries.size));
  if (value === undefined) return `${file}: nothing`;
  list.entries.delete(value);
  return `${file}: without ${value}`;
};

/** A value goes from one list to another of the same channel: it must never leave the feed. */
const move: Edit = (lists, chance) => {
  const [file, from] = chance.pick(ordinary(lists));
  const others = ordinary(lists).filter(([, it]) => it !== from && it.channel === from.channel);
  const [value] = [...from.entries.keys()].slice(chance.below(from.entries.size));
  if (others.length === 0 || value === undefined) return `${file}: nothing moves`;
  const [other, to] = chance.pick(others);
  to.entries.set(value, from.entries.get(value) ?? {});
  from.entries.delete(value);
  return `${value} moves from ${file} to ${other}`;
};

/** Another name is another identity, and all of the list's values stay. */
const rename: Edit = (lists, chance) => {
  const [file, list] = chance.pick(ordinary(lists));
  const [base = '', n = '0'] = list.name.split('.');
  list.name = `${base}.${Number(n) + 1}`;
  return `${file}: is called ${list.name} now`;
};

/** Another file with the same name is the same list. */
const moveFile: Edit = (lists, chance) => {
  const [file, list] = chance.pick(ordinary(lists));
  const to = file.startsWith('moved/') ? file.slice('moved/'.length) : `moved/${file}`;
  lists.delete(file);
  lists.set(to, list);
  return `${file}.yaml becomes ${to}.yaml`;
};

const otherLifetime: Edit = (lists, chance) => {
  const [file, list] = chance.pick(ordinary(lists));
  list.lifetime = chance.pick(LIFETIMES);
  return `${file}: lifetime ${list.lifetime}`;
};

/** Over the limit of withdrawals, and often all of a list. */
const empty: Edit = (lists, chance) => {
  const [file, list] = chance.pick(ordinary(lists));
  list.entries.clear();
  return `${file}: everything out`;
};

const fill: Edit = (lists, chance) => {
  const [file, list] = chance.pick(ordinary(lists).filter(([, { channel }]) => channel === 'firewall-block'));
  for (const ip of IPS) list.entries.set(ip, { ...(list.entries.get(ip) ?? {}) });
  return `${file}: all addresses`;
};

/** Each value is listed once, and runs out once. */
const trial: Edit = (lists, chance, now) => {
  for (const [file, { once, entries }] of lists) {
    if (once === undefined) continue;
    const [value] = [...entries.keys()].slice(chance.below(entries.size));
    if (value !== undefined && chance.happens(0.3)) {
      entries.delete(value);
      return `${file}: without ${value}`;
    }
    once.listed += 1;
    const another = `203.0.113.${100 + once.listed}`;
    entries.set(another, { listedAt: now });
    return `${file}: ${another}`;
  }
  return 'no list runs out';
};

/** What happens often stands here often. */
const EDITS: readonly Edit[] = [
  add,
  add,
  add,
  add,
  add,
  add,
  remove,
  remove,
  remove,
  move,
  move,
  rename,
  moveFile,
  otherLifetime,
  empty,
  fill,
  trial,
  trial,
];

function drawWords(chance: Chance, now: number): Words {
  const words: Words = {};
  if (chance.happens(0.3)) words.reason = chance.pick(['scanner', 'bot net', 'seen again']);
  if (chance.happens(0.2)) words.severity = chance.pick(['Low', 'High', 'Critical']);
  if (chance.happens(0.15)) words.tlp = chance.pick(['green', 'amber']);
  if (chance.happens(0.15)) words.lifetime = chance.pick(LIFETIMES);
  else if (chance.happens(0.25)) words.expires = day(now + chance.below(5) * DAY);
  if (words.expires === undefined && chance.happens(0.1)) words.starts = day(now + chance.below(3) * DAY);
  return words;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A commit that nobody should have merged: the same lists, and something that makes one of them invalid. */
export function broken(
  files: ReadonlyMap<string, string>,
  chance: Chance,
): { files: Map<string, string>; how: string } {
  const [file, text] = chance.pick([...files]);
  const [how, spoilt] = chance.pick([
    ['a value that is none', text.replace('observables: []', 'observables:').concat('  - value: "not an address"\n')],
    ['an unknown key', `colour: red\n${text}`],
    ['text that is no YAML', `${text}\t- {\n`],
    ['a channel that nobody declared', text.replace(/^channel: .*$/m, 'channel: firewall-blokc')],
    ['two of its name', text.replace(/^name: .*$/m, 'name: "tor, again"\nname: tor')],
  ] as const);
  return { files: new Map([...files, [file, spoilt]]), how: `${file}: ${how}` };
}
