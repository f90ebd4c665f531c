import { z } from 'zod';
import { OWNER_PATTERN } from '../ctim/external-id.ts';
import {
  type ChannelSettings,
  type ChannelText,
  channelOf,
  channelSchema,
  readChannels,
  sharedTitles,
} from './channels.ts';
import { type GuardSettings, guardSettings, guardSettingsSchema } from './guards/guard-settings.ts';
import type { ProtectedValue } from './guards/protected.ts';
import { type LifetimeBounds, type Parsed, parseLifetime, parsePeriod, parseRetention } from './lifetime.ts';
import { CHANNEL_NAME } from './list-schema.ts';
import { normalise } from './normalise.ts';
import { check, findKey, plainValue } from './yaml-check.ts';
import { isNull, parseYaml, type YamlFault, type YamlNode } from './yaml-tree.ts';

export type Limits = z.infer<typeof limitsSchema>;

export interface Settings {
  readonly owner?: string;
  readonly channels: ReadonlyMap<string, ChannelSettings>;
  readonly limits: Limits;
  readonly lifetime: LifetimeBounds;
  /** How long what is dead stays in CTIA; undefined where nothing is said. */
  readonly collectAfterMs?: number;
  readonly protect: readonly ProtectedValue[];
  readonly guards: GuardSettings;
  /** How often renewals run; absent where the settings say nothing. */
  readonly renewEveryMs?: number;
}

const count = z.int({ error: 'a whole number is expected' }).min(0, 'the least is 0');
const share = z.number({ error: 'a number from 0 to 1 is expected' }).min(0, 'the least is 0').max(1, 'the most is 1');

const limitsSchema = z
  .strictObject({
    additions: count.describe('Most observables that one plan may add to a feed.'),
    additions_share: share.describe('The same, as a share of what the feed holds.'),
    withdrawals: count.describe('Most observables that one plan may take out of a feed.'),
    withdrawals_share: share.describe('The same, as a share of what the feed holds.'),
    allow_losses: count.describe('Most allow entries that one plan may withdraw.'),
    entries_per_feed: count.describe('Most observables that a feed may hold.'),
  })
  .partial();

const period = z.string({ error: 'a text is expected, such as 5m' }).transform((text, context) => {
  const parsed = parsePeriod(text);
  if ('value' in parsed) return parsed.value;
  context.addIssue({ code: 'custom', message: parsed.wrong });
  return z.NEVER;
});

const duration = (what: string) => z.string({ error: 'a duration is expected, such as 30d' }).describe(what);
const lifetimeSchema = z
  .strictObject({
    min: duration('The least lifetime that a list or entry may have.'),
    max: duration('The most; a date may be no further away either.'),
  })
  .partial();
const collectSchema = z.strictObject({
  after: z
    .union([duration(''), z.literal(0)], { error: 'a duration is expected, such as 30d, or 0' })
    .describe('How long what is dead stays in CTIA before it is deleted. Default: 30d; 0: at once.'),
});

const protectedSchema = z.strictObject({ value: z.string(), reason: z.string().optional() });

export const settingsSchema = z.strictObject({
  owner: z
    .string({ error: 'a text is expected; quote it' })
    .regex(OWNER_PATTERN, 'an owner has 3 to 32 lower-case letters and digits, and begins with a letter (no hyphen)')
    .describe('Whose entities these are; prefix of all external ids. Required against Cisco XDR.')
    .optional(),
  channels: z.record(z.string().regex(CHANNEL_NAME), channelSchema).optional(),
  limits: limitsSchema.optional(),
  lifetime: lifetimeSchema.optional(),
  collect: collectSchema.optional(),
  protect: z
    .array(z.union([z.string(), protectedSchema]))
    .describe('What no list may block.')
    .optional(),
  renew: z.strictObject({ every: period.describe('How often renewals run.') }).optional(),
  guards: guardSettingsSchema.optional(),
});

export function defaultSettings(): Settings {
  return assemble(new Map(), {});
}

export function readSettings(text: string): { settings: Settings; faults: YamlFault[] } {
  const { tree, faults } = parseYaml(text);
  if (tree === undefined || isNull(tree)) return { settings: defaultSettings(), faults };
  if (tree.kind !== 'map') {
    faults.push({
      code: 'not-settings',
      message: 'settings are a map of keys, such as "owner: acme"',
      line: tree.line,
      column: tree.column,
    });
    return { settings: defaultSettings(), faults };
  }
  const parts = { channels: {}, protect: [] };
  const as = (key: string, node: YamlNode) => (key in parts ? parts[key as keyof typeof parts] : plainValue(key, node));
  const checked = check(tree, settingsSchema, { where: 'the settings', as });
  faults.push(...checked.faults);
  const channels = readChannels(findKey(tree, 'channels'), faults);
  const { owner, limits, guards, renew, collect } = checked.value ?? {};
  const collectAfterMs = collect && readSpan(findKey(tree, 'collect'), 'after', parseRetention, faults);
  const settings = assemble(channels, {
    ...(owner !== undefined && { owner }),
    ...(limits !== undefined && { limits }),
    lifetime: readBounds(findKey(tree, 'lifetime'), checked.value?.lifetime, faults),
    ...(collectAfterMs !== undefined && { collectAfterMs }),
    guards: guardSettings(guards),
    ...(renew !== undefined && { renewEveryMs: renew.every }),
    protect: readProtect(findKey(tree, 'protect'), faults),
  });
  faults.push(...sharedTitles(settings.channels, findKey(tree, 'channels') ?? tree));
  return { settings, faults };
}

interface Said {
  owner?: string;
  limits?: Limits;
  lifetime?: LifetimeBounds;
  collectAfterMs?: number;
  guards?: GuardSettings;
  renewEveryMs?: number;
  protect?: readonly ProtectedValue[];
}

function assemble(
  said: ReadonlyMap<string, ChannelText>,
  { owner, limits = {}, lifetime = {}, collectAfterMs, guards = guardSettings(), renewEveryMs, protect = [] }: Said,
): Settings {
  const channels = new Map<string, ChannelSettings>();
  for (const action of ['block', 'allow'] as const) {
    const name = `firewall-${action}`;
    channels.set(name, channelOf(name, action, said.get(name) ?? {}));
  }
  for (const [name, text] of said)
    channels.set(name, channelOf(name, text.action ?? channels.get(name)?.action ?? 'block', text));
  return {
    ...(owner !== undefined && { owner }),
    ...(renewEveryMs !== undefined && { renewEveryMs }),
    channels,
    limits,
    lifetime,
    ...(collectAfterMs !== undefined && { collectAfterMs }),
    protect,
    guards,
  };
}

function readBounds(
  node: YamlNode | undefined,
  said: { min?: string | undefined; max?: string | undefined } | undefined,
  faults: YamlFault[],
): LifetimeBounds {
  const bound = (key: 'min' | 'max') => {
    const text = said?.[key];
    const lifetime = text === undefined ? undefined : readSpan(node, key, parseLifetime, faults);
    return lifetime && { [key]: { text: lifetime.text, ms: lifetime.ms } };
  };
  const bounds: LifetimeBounds = { ...bound('min'), ...bound('max') };
  const { min, max } = bounds;
  if (min === undefined || max === undefined || min.ms <= max.ms) return bounds;
  const at = { line: node?.line ?? 1, column: node?.column ?? 1 };
  faults.push({
    code: 'invalid-key',
    message: `lifetime: the least, ${min.text}, is more than the most, ${max.text}`,
    ...at,
  });
  return {};
}

/** A duration below a key, as text; undefined where it is none, which is told then. */
function readSpan<T>(
  below: YamlNode | undefined,
  key: string,
  parse: (text: string) => Parsed<T>,
  faults: YamlFault[],
): T | undefined {
  const node = below?.kind === 'map' ? findKey(below, key) : undefined;
  if (node?.kind !== 'text') return undefined;
  const parsed = parse(node.text);
  if ('value' in parsed) return parsed.value;
  faults.push({ code: 'invalid-key', message: `${key}: ${parsed.wrong}`, line: node.line, column: node.column });
  return undefined;
}

function readProtect(node: YamlNode | undefined, faults: YamlFault[]): ProtectedValue[] {
  if (node === undefined || isNull(node)) return [];
  if (node.kind !== 'list') {
    faults.push({
      code: 'invalid-key',
      message: 'protect is a list of addresses, ranges and names',
      line: node.line,
      column: node.column,
    });
    return [];
  }
  return node.items.flatMap((item) => {
    const at = { line: item.line, column: item.column };
    const checked = item.kind === 'map' ? check(item, protectedSchema, { where: 'a protected value' }) : undefined;
    faults.push(...(checked?.faults ?? []));
    if (checked !== undefined && checked.value === undefined) return [];
    const { value, reason } = checked?.value ?? { value: item.kind === 'text' ? item.text : '', reason: undefined };
    const result = normalise(value);
    if ('refused' in result) {
      faults.push({ code: 'invalid-protect', message: `protect: ${result.refused.message}`, ...at });
      return [];
    }
    return [{ observable: result.observable, line: item.line, ...(reason !== undefined && { reason }) }];
  });
}
