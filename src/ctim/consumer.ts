import type { ObservableType } from './observable.ts';

/** A firewall or service that pulls a feed: what it takes of one, and what becomes of the rest. What its vendor does not say is absent. */
export interface Consumer {
  readonly product: string;
  /** Observable types of which it pulls feeds; undefined: whatever there is. */
  readonly types?: readonly ObservableType[];
  /** Whether one entry may be a range of addresses. */
  readonly ranges: boolean;
  /** Most entries of one feed, by type where the vendor tells them apart. */
  readonly entriesMax?: number | Partial<Record<ObservableType, number>>;
  /** Most bytes of one feed. */
  readonly bytesMax?: number;
  /** What it does with a feed that is larger. */
  readonly over: string;
  /** What it does with a feed that has become empty. */
  readonly empty: string;
  /** Where this is known from, and when it was looked up. */
  readonly source: string;
  readonly date: string;
}

const MB = 1_000_000;
const ADDRESSES = ['ip', 'ipv6'] as const satisfies readonly ObservableType[];
const NETWORK = [...ADDRESSES, 'domain', 'url'] as const satisfies readonly ObservableType[];

const EMPTY_UNKNOWN = 'what it does then its vendor does not say';
const SKIPS = 'it skips the entries over the limit, with a line in its system log';
const CUTS = 'it cuts the rest off in silence';

const PANOS = {
  product: 'Palo Alto Networks PAN-OS, external dynamic list',
  types: NETWORK,
  ranges: true,
  over: SKIPS,
  empty: 'it blocks nothing of it any more',
  source: 'PAN-OS administrator’s guide, external dynamic lists: formatting guidelines and limits',
  date: '2026-11',
} as const;

const FORTIGATE = {
  product: 'Fortinet FortiGate, external block list (threat feed)',
  types: [...NETWORK, 'sha256'],
  ranges: true,
  over: CUTS,
  empty: 'it applies the empty file and unblocks everything',
  source: 'FortiOS administration guide, threat feeds: file limits',
  date: '2026-11',
} as const satisfies Consumer;

const FORTIGATE_BEFORE_7_4_4 = { ...FORTIGATE, entriesMax: 131_072, bytesMax: 10 * MB };

const SONICWALL = {
  product: 'SonicWall, dynamic external address group',
  types: [...ADDRESSES, 'domain'],
  ranges: true,
  over: 'it leaves the rest out',
  empty: EMPTY_UNKNOWN,
  source: 'SonicOS administration guide, dynamic external objects',
  date: '2026-11',
} as const satisfies Consumer;

/** The table. Where a product has sizes, the bare name has the least of them: who does not know is on the safe side. */
const TABLE = {
  'cisco-fmc': {
    product: 'Cisco Secure Firewall Management Center, Security Intelligence feed',
    types: NETWORK,
    ranges: true,
    bytesMax: 500 * MB,
    over: 'it refuses the download and keeps its old entries',
    empty: 'it keeps its old entries: nothing is unblocked',
    source: 'Secure Firewall Management Center guide, custom Security Intelligence lists and feeds: requirements',
    date: '2026-11',
  },
  'cisco-tid': {
    product: 'Cisco Threat Intelligence Director, flat file source',
    types: [...NETWORK, 'sha256'],
    ranges: false,
    bytesMax: 500 * MB,
    over: 'it refuses the download',
    empty: 'each pull replaces the set: it blocks nothing of it any more',
    source: 'cloud-delivered Firewall Management Center guide, Threat Intelligence Director: source requirements',
    date: '2026-11',
  },
  'cisco-dac': {
    product: 'Cisco Dynamic Attributes Connector, Generic Text',
    types: ADDRESSES,
    ranges: true,
    entriesMax: 10_000,
    over: 'it takes 10,000 entries of a file',
    empty: 'each pull replaces the set: it blocks nothing of it any more',
    source: 'Dynamic Attributes Connector guide, Generic Text connector',
    date: '2026-11',
  },
  'xdr-analytics': {
    product: 'Cisco XDR Analytics, third-party watch list',
    types: ADDRESSES,
    ranges: true,
    over: EMPTY_UNKNOWN,
    empty: EMPTY_UNKNOWN,
    source: 'XDR Analytics, watch lists',
    date: '2026-11',
  },
  panos: { ...PANOS, entriesMax: { ip: 50_000, ipv6: 50_000, url: 50_000, domain: 50_000 } },
  'panos-5000': { ...PANOS, entriesMax: { ip: 150_000, ipv6: 150_000, url: 50_000, domain: 50_000 } },
  'panos-7000': { ...PANOS, entriesMax: { ip: 150_000, ipv6: 150_000, url: 50_000, domain: 50_000 } },
  fortigate: FORTIGATE_BEFORE_7_4_4,
  'fortigate-7.2': FORTIGATE_BEFORE_7_4_4,
  // The smallest models; the numbers are global over all feeds of one kind that a device pulls.
  'fortigate-7.4.4': {
    ...FORTIGATE,
    entriesMax: { ip: 300_000, ipv6: 300_000, domain: 1_000_000, url: 150_000 },
    bytesMax: 32 * MB,
  },
  checkpoint: {
    product: 'Check Point, IoC feed (R81.20 and later)',
    types: [...NETWORK, 'sha256', 'md5', 'sha1'],
    ranges: true,
    entriesMax: 2_000_000,
    over: 'it loads the file only while half of its memory stays free',
    empty: EMPTY_UNKNOWN,
    source: 'Check Point Threat Prevention guide, IoC feeds',
    date: '2026-11',
  },
  sophos: {
    product: 'Sophos Firewall 21, third-party threat feed',
    types: ['ip', 'domain', 'url'],
    ranges: false,
    over: EMPTY_UNKNOWN,
    empty: EMPTY_UNKNOWN,
    source: 'Sophos Firewall 21 help, third-party threat feeds',
    date: '2026-11',
  },
  sonicwall: { ...SONICWALL, entriesMax: 25_000 },
  'sonicwall-50000': { ...SONICWALL, entriesMax: 50_000 },
  plain: {
    product: 'whoever reads a text with one value a line',
    ranges: true,
    over: EMPTY_UNKNOWN,
    empty: EMPTY_UNKNOWN,
    source: 'none: no limits and no rules',
    date: '2026-11',
  },
} as const satisfies Record<string, Consumer>;

export type ConsumerName = keyof typeof TABLE;

export const CONSUMERS: Readonly<Record<ConsumerName, Consumer>> = TABLE;

export const CONSUMER_NAMES = Object.keys(TABLE) as readonly ConsumerName[];

export function takes(name: ConsumerName, type: ObservableType): boolean {
  return CONSUMERS[name].types?.includes(type) ?? true;
}

export function entriesMaxOf(name: ConsumerName, type: ObservableType): number | undefined {
  const { entriesMax } = CONSUMERS[name];
  return typeof entriesMax === 'object' ? entriesMax[type] : entriesMax;
}

/** The first of these consumers that pulls feeds of this type and would not understand a range in one. */
export function refusesRanges(consumers: readonly ConsumerName[], type: ObservableType): ConsumerName | undefined {
  return consumers.find((name) => takes(name, type) && !CONSUMERS[name].ranges);
}
