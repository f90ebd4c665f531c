/**
 * The lists of a story: what people commit, as files and, apart from that, as a naive model of what each feed should
 * hold. Nothing of the product is asked: ranges and parent domains are a table.
 */
export interface List {
  name: string;
  action: 'block' | 'allow';
  channel: string;
  lifetime: string;
  entries: Map<string, Words>;
}

export interface Words {
  reason?: string;
  severity?: string;
  tlp?: string;
  lifetime?: string;
  /** The last day, UTC. */
  expires?: string;
}

/** By file, without its extension. */
export type Lists = Map<string, List>;

/** What a person said past the lists, and until when it counts. */
export interface ByHand {
  readonly action: 'block' | 'allow';
  readonly channel: string;
  readonly value: string;
  readonly until: number;
  /** Somebody wiped its link, and no list says into which feed it belongs: there, or not. */
  unlinked?: boolean;
}

/** Feed → value → the ms until which it is to be there. */
export type Wanted = Map<string, Map<string, number>>;

/** The shortest lifetime here. Who plans within half of it never lets anything lapse. */
export const LIFETIME_MIN_MS = 2 * 24 * 60 * 60 * 1000;
export const LIFETIMES = ['2d', '3d', '14d'];

export const IPS = Array.from({ length: 14 }, (_, n) => `198.51.100.${n + 1}`);
export const DOMAINS = ['a.evil.example', 'b.evil.example', 'c.evil.example', 'bad.example', 'worse.example'];
export const BLOCKABLE = [...IPS, ...DOMAINS, '203.0.113.0/28'];
/** Where `partner` takes addresses alone. */
export const ALLOWABLE = ['198.51.100.3', '198.51.100.8/30', '*.evil.example', 'bad.example', '192.0.2.1'];

/** What an allow entry keeps from being blocked, besides itself. */
const COVERED: Readonly<Record<string, readonly string[]>> = {
  '198.51.100.8/30': ['198.51.100.8', '198.51.100.9', '198.51.100.10', '198.51.100.11'],
  '*.evil.example': ['a.evil.example', 'b.evil.example', 'c.evil.example'],
};

export function covers(allowed: string, value: string): boolean {
  return allowed === value || (COVERED[allowed] ?? []).includes(value);
}

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

/** Whom a person blocks is blocked until then, whatever the lists say; whom a person lets through no list blocks. */
export function wantedOf(lists: Lists, byHand: readonly ByHand[], now: number): Wanted {
  const wanted: Wanted = new Map(Object.keys(FEEDS).map((feed) => [feed, new Map()]));
  const allowed = new Set<string>();
  for (const { action, entries } of lists.values()) {
    for (const [value, words] of action === 'allow' ? entries : []) {
      if (endOf(words) < now) continue;
      for (const covered of [value, ...(COVERED[value] ?? [])]) allowed.add(covered);
    }
  }
  const standing = byHand.filter(({ until }) => until >= now);
  for (const { action, value } of standing) if (action === 'allow') allowed.add(value);
  for (const { channel, value, until } of standing) wanted.get(`${channel}/${typeOf(value)}`)?.set(value, until);
  for (const { action, channel, entries } of lists.values()) {
    for (const [value, words] of entries) {
      const end = endOf(words);
      if (end < now || (action === 'block' && allowed.has(value))) continue;
      const values = wanted.get(`${channel}/${typeOf(value)}`);
      if (values) values.set(value, Math.max(end, values.get(value) ?? 0));
    }
  }
  return wanted;
}

/** `expires:` lasts to the end of that day; all else is renewed for ever. */
function endOf({ expires }: Words): number {
  return expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${expires}T23:59:59.999Z`);
}

export function filesOf(lists: Lists): Map<string, string> {
  return new Map([...lists].map(([file, list]) => [`${file}.yaml`, textOf(list)]));
}

function textOf({ name, action, channel, lifetime, entries }: List): string {
  const rows = [...entries].map(([value, words]) => {
    const said = Object.entries(words).map(([word, text]) => `    ${word}: ${text}`);
    return [`  - value: "${value}"`, ...said].join('\n');
  });
  const head = `action: ${action}\nname: ${name}\nchannel: ${channel}\nlifetime: ${lifetime}\n`;
  return rows.length === 0 ? `${head}observables: []\n` : `${head}observables:\n${rows.join('\n')}\n`;
}

/** One line for each list, for a story that people read. */
export function spoken(lists: Lists): string[] {
  return [...lists].map(([file, { name, channel, lifetime, entries }]) => {
    const said = [...entries].map(([value, words]) => [value, ...Object.values(words)].join(' '));
    return `${file}.yaml (${name} → ${channel}, ${lifetime}): ${said.join(', ') || 'empty'}`;
  });
}
