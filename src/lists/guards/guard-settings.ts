import { z } from 'zod';
import { quoted } from '../../ctim/problem.ts';
import { durationMs } from '../lifetime.ts';

/** The part of the settings that guards go by. `docs/lists.md` has the table of defaults. */
export interface GuardSettings {
  /** Whether 192.0.2.0/24, example.com and the like may be published. */
  readonly documentation: 'refuse' | 'allow';
  /** The fewest network bits that a range may have. */
  readonly prefixMin: PerFamily;
  /** The most that all block lists together may block: addresses of IPv4, /48 networks of IPv6. */
  readonly addressSpace: PerFamily;
  /** What `guards update` fetches. */
  readonly lists: readonly GuardListSource[];
  /** How often workers fetch it; absent where nobody said so: then nobody does. */
  readonly updateEveryMs?: number;
}

interface PerFamily {
  readonly ip: number;
  readonly ipv6: number;
}

/**
 * How the values of a fetched list match.
 *   cidr      addresses and ranges, both ways; with `warn` a range that overlaps one is refused all the same
 *   hostname  the name, every name below it, and what is above it
 *   string    the value itself, of whatever type, and what is above a name
 *   suffix    rules of the Public Suffix List: the name itself
 *   popular   the name itself and nothing else
 */
export const GUARD_LIST_KINDS = ['cidr', 'hostname', 'string', 'suffix', 'popular'] as const;
export type GuardListKind = (typeof GUARD_LIST_KINDS)[number];

export interface GuardListSource {
  readonly url: string;
  readonly kind: GuardListKind;
  readonly severity: 'refuse' | 'warn';
}

const MISP = 'https://raw.githubusercontent.com/MISP/misp-warninglists/main/lists';

/**
 * Where to look by default. Not all of MISP's lists: some hold addresses of real attackers too (open resolvers, parking,
 * whole clouds as `github`), and a team that wants these says so.
 */
export const DEFAULT_LISTS: readonly GuardListSource[] = [
  { url: 'https://publicsuffix.org/list/public_suffix_list.dat', kind: 'suffix', severity: 'refuse' },
  { url: `${MISP}/crl-hostname/list.json`, kind: 'string', severity: 'refuse' },
  { url: `${MISP}/crl-ip/list.json`, kind: 'cidr', severity: 'refuse' },
  { url: `${MISP}/captive-portals/list.json`, kind: 'string', severity: 'refuse' },
  { url: `${MISP}/microsoft-win10-connection-endpoints/list.json`, kind: 'string', severity: 'refuse' },
  { url: `${MISP}/empty-hashes/list.json`, kind: 'string', severity: 'refuse' },
  { url: `${MISP}/eicar.com/list.json`, kind: 'string', severity: 'refuse' },
  { url: `${MISP}/common-ioc-false-positive/list.json`, kind: 'string', severity: 'refuse' },
  { url: `${MISP}/public-dns-v6/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/cloudflare/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/fastly/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/akamai/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/amazon-aws/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/google-gcp/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/microsoft-office365-ip/list.json`, kind: 'cidr', severity: 'warn' },
  { url: `${MISP}/security-provider-blogpost/list.json`, kind: 'hostname', severity: 'warn' },
  { url: `${MISP}/tranco10k/list.json`, kind: 'popular', severity: 'warn' },
];

const prefix = (most: number) =>
  z.int({ error: 'a whole number is expected' }).min(1, 'the least is 1: a /0 is the whole Internet').max(most);
const amount = z.int({ error: 'a whole number is expected' }).min(0, 'the least is 0');

const listSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'a URL that begins with https:// or http:// is expected' }),
  kind: z.enum(GUARD_LIST_KINDS, { error: `expected is one of ${GUARD_LIST_KINDS.join(', ')}` }),
  severity: z.enum(['refuse', 'warn'], { error: 'expected is refuse or warn' }),
});

const MINUTE = 60 * 1000;
const EVERY = [10 * MINUTE, 7 * 24 * 60 * MINUTE] as const;

const everySchema = z.string({ error: 'a text is expected, such as 1d' }).transform((text, context) => {
  const ms = durationMs(text);
  if (ms !== undefined && ms >= EVERY[0] && ms <= EVERY[1]) return ms;
  context.addIssue({ code: 'custom', message: `${quoted(text)} is not from 10m to 7d, such as 1d` });
  return z.NEVER;
});

export const guardSettingsSchema = z
  .strictObject({
    documentation: z
      .enum(['refuse', 'allow'], { error: 'expected is refuse or allow' })
      .describe('192.0.2.0/24, example.com and the like.'),
    prefix_min: z
      .strictObject({ ip: prefix(32), ipv6: prefix(128) })
      .partial()
      .describe('The fewest network bits that a range may have.'),
    address_space: z
      .strictObject({ ip: amount, ipv6: amount })
      .partial()
      .describe('The most that all block lists together may block.'),
    update: z
      .strictObject({ every: everySchema }, { error: 'expected is { every: … }, such as { every: 1d }' })
      .describe('How often workers fetch them; without it nobody does but guards update.'),
    lists: z.array(listSchema).describe('What guards update fetches, in the place of the default.'),
  })
  .partial();

/**
 * The widest IPv4 networks that one organisation has are the /8 of the early Internet, the widest IPv6 ones are /19.
 *
 * Address space: 2^26 addresses are four of these /8, a 64th of IPv4 and four times what the widest published drop lists
 * hold together. 2^29 networks of /48 (what one site has, RFC 6177) are one of these /19.
 */
const DEFAULTS: GuardSettings = {
  documentation: 'refuse',
  prefixMin: { ip: 8, ipv6: 19 },
  addressSpace: { ip: 2 ** 26, ipv6: 2 ** 29 },
  lists: DEFAULT_LISTS,
};

export function guardSettings(said: z.infer<typeof guardSettingsSchema> = {}): GuardSettings {
  return {
    documentation: said.documentation ?? DEFAULTS.documentation,
    prefixMin: perFamily(said.prefix_min, DEFAULTS.prefixMin),
    addressSpace: perFamily(said.address_space, DEFAULTS.addressSpace),
    lists: said.lists ?? DEFAULTS.lists,
    ...(said.update && { updateEveryMs: said.update.every }),
  };
}

function perFamily(said: { ip?: number | undefined; ipv6?: number | undefined } | undefined, unsaid: PerFamily) {
  return { ip: said?.ip ?? unsaid.ip, ipv6: said?.ipv6 ?? unsaid.ipv6 };
}
