/**
 * The lists of a story: what people commit, as files and, apart from that, as a naive model of what each feed should
 * hold. Nothing of the product is asked: ranges and parent domains are a table.
 */
export interface List {
  name: string;
  action: 'block' | 'allow';
  channel: string;
  lifetime: string;
  /** It runs out once. Then no value is listed twice, as nobody but the product could tell when the second time began. */
  once?: { listed: number };
  entries: Map<string, Words>;
}

export interface Words {
  reason?: string;
  severity?: string;
  tlp?: string;
  lifetime?: string;
  /** The first day, and the last, UTC. */
  starts?: string;
  expires?: string;
  /** Ids of what others made, as YAML. */
  adopt?: string;
  /** Of a list that runs out once, ms; no word of the file. */
  listedAt?: number;
}

/** By file, without its extension. */
export type Lists = Map<string, List>;

/** What a person said past the lists, and until when it counts. */
export interface ByHand {
  readonly action: 'block' | 'allow';
  readonly channel: string;
  readonly value: string;
  readonly until: number;
}

/** Feed → value → the ms until which it is to be there. */
export type Wanted = Map<string, Map<string, number>>;

/** The shortest lifetime here. Who plans within half of it never lets anything lapse. */
export const LIFETIME_MIN_MS = 2 * 24 * 60 * 60 * 1000;
export const LIFETIMES = ['2d', '3d', '14d'];

export const IPS = Array.from({ length: 14 }, (_, n) => `198.51.100.${n + 1}`);
export const DOMAINS = ['a.evil.example', 'b.evil.example', 'c.evil.example', 'bad.example', 'worse.example'];
const RANGE = '203.0.113.0/28';
const IN_RANGE = '203.0.113.5';
/** Where `partner` takes addresses alone. */
export const BLOCKABLE = [...IPS, ...DOMAINS, RANGE, RANGE];
export const ALLOWABLE = ['198.51.100.3', '198.51.100.8/30', '*.evil.example', 'bad.example', '192.0.2.1', IN_RANGE];
/** How the range is published while that address of it is allowed: each block entry says `carve_out`. */
const AROUND = ['203.0.113.0/30', '203.0.113.4', '203.0.113.6/31', '203.0.113.8/29'];

/** What an allow entry keeps from being blocked, besides itself. */
const COVERED: Readonly<Record<string, readonly string[]>> = {
  '198.51.100.8/30': ['198.51.100.8', '198.51.100.9', '198.51.100.10', '198.51.100.11'],
  '*.evil.example': ['a.evil.example', 'b.evil.example', 'c.evil.example'],
};

export const SETTINGS = `owner: acme
guards: { documentation: allow }
channels:
  firewall-block: { types: [ip, domain] }
  firewall-allow: { types: [ip, domain] }
  partner: { action: block, types: [ip] }
limits: { withdrawals: 4, additions: 12 }
`;

/** The titles that these settings give. */
export const FEEDS: Readonly<Record<string, string>> = {
  'firewall-block/ip': 'SecureX_Firewall_Private_Feed_IPv4',
  'firewall-block/domain': 'SecureX_Firewall_Private_Feed_Domain',
  'firewall-allow/ip': 'CTIM_Feeds_firewall-allow_Feed_IPv4',
  'firewall-allow/domain': 'CTIM_Feeds_firewall-allow_Feed_Domain',
  'partner/ip': 'CTIM_Feeds_partner_Feed_IPv4',
};

export function typeOf(value: string): 'ip' | 'domain' {
  return /^[\d./]+$/.test(value) ? 'ip' : 'domain';
}

export function covers(allowed: string, value: string): boolean {
  return allowed === value || (COVERED[allowed] ?? []).includes(value);
}

/** Whom a person blocks is blocked until then, whatever the lists say; whom a person lets through no list blocks. */
export function wantedOf(lists: Lists, byHand: readonly ByHand[], now: number): Wanted {
  const wanted: Wanted = new Map(Object.keys(FEEDS).map((feed) => [feed, new Map()]));
  const want = (channel: string, value: string, until: number) => {
    const values = wanted.get(`${channel}/${typeOf(value)}`);
    for (const it of withAddresses(value)) values?.set(it, Math.max(until, values.get(it) ?? 0));
  };
  const standing = byHand.filter(({ until }) => until >= now);
  for (const { channel, value, until } of standing) want(channel, value, until);
  const allows: Span[] = standing.filter((it) => it.action === 'allow').map((it) => ({ ...it, from: 0 }));
  const blocks: (Span & { channel: string })[] = [];
  for (const list of lists.values()) {
    for (const [value, words] of list.entries) {
      const it = { channel: list.channel, value, ...spanOf(words, list) };
      if (list.action === 'block') blocks.push(it);
      else allows.push(it);
      if (list.action === 'allow' && isWithin(it, now)) want(list.channel, value, it.until);
    }
  }
  for (const { channel, value, until } of blocks.filter((it) => isWithin(it, now))) {
    const allowed = allows.filter((it) => covers(it.value, value));
    if (allowed.some((it) => isWithin(it, now))) continue;
    const inside = value === RANGE ? allows.filter((it) => it.value === IN_RANGE) : [];
    const isCarved = inside.some((it) => isWithin(it, now));
    // What lets it through from some day on takes it out, or what lies inside of it.
    const ends = [...allowed, ...inside].flatMap((it) => (it.from > now ? [it.from] : []));
    const untilThen = Math.min(until, ...ends, ...(isCarved ? inside.map((it) => it.until) : []));
    for (const part of isCarved ? AROUND : [value]) want(channel, part, untilThen);
    for (const address of value === RANGE ? addressesAround() : []) wanted.get(`${channel}/ip`)?.set(address, until);
  }
  return wanted;
}

interface Span {
  readonly value: string;
  readonly from: number;
  readonly until: number;
}

function isWithin({ from, until }: Span, now: number): boolean {
  return from <= now && now <= until;
}

/** `expires:` lasts to the end of that day; all else is renewed for ever, but for what runs out once. */
function spanOf({ starts, expires, listedAt }: Words, { once, lifetime }: List): { from: number; until: number } {
  const from = starts === undefined ? 0 : Date.parse(starts);
  if (once !== undefined) return { from, until: (listedAt ?? 0) + lifetimeMs(lifetime) };
  return { from, until: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${expires}T23:59:59.999Z`) };
}

/** Value → how long it lives from when it is published, which only the product knows. */
export function runningOut(lists: Lists): Map<string, number> {
  const those = [...lists.values()].filter(({ once }) => once !== undefined);
  return new Map(
    those.flatMap(({ lifetime, entries }) =>
      [...entries.keys()].map((value) => [value, lifetimeMs(lifetime)] as const),
    ),
  );
}

function lifetimeMs(lifetime: string): number {
  return Number.parseInt(lifetime, 10) * 24 * 60 * 60 * 1000;
}

/** Itself, and each address of the range that it covers: to a firewall a range and its parts are the same. */
export function withAddresses(value: string): string[] {
  const [, first, length = '32'] = /^203\.0\.113\.(\d|1[0-5])(?:\/(\d+))?$/.exec(value) ?? [];
  if (first === undefined) return [value];
  return [value, ...Array.from({ length: 2 ** (32 - Number(length)) }, (_, n) => covered(Number(first) + n))];
}

function addressesAround(): string[] {
  return AROUND.flatMap((part) => withAddresses(part).slice(1));
}

function covered(last: number): string {
  return `203.0.113.${last} (covered)`;
}

export function filesOf(lists: Lists): Map<string, string> {
  return new Map([...lists].map(([file, list]) => [`${file}.yaml`, textOf(list)]));
}

function textOf({ name, action, channel, lifetime, once, entries }: List): string {
  const rows = [...entries].map(([value, words]) => {
    const carves = action === 'block' && value.includes('/') ? { carve_out: 'true' } : {};
    const said = Object.entries({ ...wordsOf(words), ...carves }).map(([word, text]) => `    ${word}: ${text}`);
    return [`  - value: "${value}"`, ...said].join('\n');
  });
  const head = `action: ${action}\nname: ${name}\nchannel: ${channel}\nlifetime: ${lifetime}\n${once ? 'renew: false\n' : ''}`;
  return rows.length === 0 ? `${head}observables: []\n` : `${head}observables:\n${rows.join('\n')}\n`;
}

export function wordsOf({ listedAt: _, ...words }: Words): Record<string, string> {
  return words;
}

/** One line for each list, for a story that people read. */
export function spoken(lists: Lists): string[] {
  return [...lists].map(([file, { name, channel, lifetime, entries }]) => {
    const said = [...entries].map(([value, words]) => [value, ...Object.values(wordsOf(words))].join(' '));
    return `${file}.yaml (${name} → ${channel}, ${lifetime}): ${said.join(', ') || 'empty'}`;
  });
}
