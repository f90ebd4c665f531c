import { z } from 'zod';
import { CONSUMER_NAMES, type ConsumerName } from '../ctim/consumer.ts';
import type { Channel, ListAction, Titles } from '../ctim/feed.ts';
import { SHORT_TEXT_MAX } from '../ctim/judgement.ts';
import { FEED_TYPES, OBSERVABLE_TYPES, type ObservableType } from '../ctim/observable.ts';
import { quoted } from '../ctim/problem.ts';
import { type FeedLimits, feedLimitsSchema } from './limits-schema.ts';
import { actionSchema, CHANNEL_NAME } from './list-schema.ts';
import { didYouMean } from './nearest.ts';
import { check, plainValue } from './yaml-check.ts';
import { isNull, type YamlFault, type YamlMap, type YamlNode } from './yaml-tree.ts';

/** Words that a channel may require of each of its entries. */
const REQUIRABLE = ['reason', 'ticket', 'source_uri'] as const;
export type RequiredWord = (typeof REQUIRABLE)[number];

export interface ChannelSettings extends Channel {
  readonly consumers: readonly ConsumerName[];
  readonly limits: FeedLimits;
  readonly require: readonly RequiredWord[];
}

/** How a type is spelled in titles: Cisco's own spelling for the five of a firewall, and in its manner for the others. */
export const TITLE_TYPES: Readonly<Record<ObservableType, string>> = {
  ip: 'IPv4',
  ipv6: 'IPv6',
  domain: 'Domain',
  url: 'URL',
  sha256: 'SHA256',
  md5: 'MD5',
  sha1: 'SHA1',
  email: 'Email',
  hostname: 'Hostname',
  file_name: 'FileName',
};

/** Titles that Cisco's workflows 0015A and Tor gave, so that a tenant that has them is used, not doubled. */
const PRESETS: Readonly<Record<string, Titles>> = {
  '0015a': {
    indicator: 'Secure_Firewall_SecureX_Indicator_{type}',
    feed: 'SecureX_Firewall_Private_Feed_{type}',
  },
  tor: { indicator: 'TOR_Feed_Indicator_{type}', feed: 'XDR_Feed_For_TOR_{type}' },
};

const title = z
  .string({ error: 'a text is expected; quote it' })
  .max(SHORT_TEXT_MAX - 16, 'too long for a title')
  .includes('{type}', { error: 'it must contain {type}, so that each observable type has a title of its own' });

export const channelSchema = z.strictObject({
  action: actionSchema.optional(),
  titles: z
    .union([z.enum(['0015a', 'tor']), z.strictObject({ indicator: title, feed: title })], {
      error: 'expected is 0015a, tor, or { indicator: "…{type}", feed: "…{type}" }',
    })
    .optional(),
  types: z
    .array(z.enum(OBSERVABLE_TYPES as [ObservableType, ...ObservableType[]]), {
      error: 'a list of observable types is expected',
    })
    .min(1, 'at least one type is expected')
    .optional(),
  consumers: z
    .array(
      z.enum(CONSUMER_NAMES as [ConsumerName, ...ConsumerName[]], {
        error: ({ input }) => `known are ${CONSUMER_NAMES.join(', ')}${didYouMean(String(input), CONSUMER_NAMES)}`,
      }),
      { error: 'a list is expected' },
    )
    .optional(),
  limits: feedLimitsSchema.optional(),
  require: z
    .array(z.enum(REQUIRABLE, { error: `what can be required is ${REQUIRABLE.join(', ')}` }), {
      error: 'a list is expected, such as [reason, ticket]',
    })
    .optional(),
});

export type ChannelText = z.infer<typeof channelSchema>;

export function channelOf(
  name: string,
  action: ListAction,
  { titles, types = [...FEED_TYPES], consumers = [], limits = {}, require = [] }: ChannelText,
): ChannelSettings {
  const preset = typeof titles === 'string' ? PRESETS[titles] : titles;
  const template = preset ??
    (name === 'firewall-block' ? PRESETS['0015a'] : undefined) ?? {
      indicator: `CTIM_Feeds_${name}_Indicator_{type}`,
      feed: `CTIM_Feeds_${name}_Feed_{type}`,
    };
  const fill = (text: string, type: ObservableType) => text.replaceAll('{type}', TITLE_TYPES[type]);
  const ordered = OBSERVABLE_TYPES.filter((type) => types.includes(type));
  return {
    name,
    action,
    titles: new Map(
      ordered.map((type) => [type, { indicator: fill(template.indicator, type), feed: fill(template.feed, type) }]),
    ),
    consumers,
    limits,
    require,
  };
}

export function readChannels(node: YamlNode | undefined, faults: YamlFault[]): Map<string, ChannelText> {
  const channels = new Map<string, ChannelText>();
  if (node === undefined || isNull(node)) return channels;
  const at = { line: node.line, column: node.column };
  if (node.kind !== 'map') {
    faults.push({
      code: 'invalid-key',
      message: 'channels is a map from names to settings, such as { partner: { action: block } }',
      ...at,
    });
    return channels;
  }
  for (const { key, value } of node.pairs) {
    const place = { line: key.line, column: key.column };
    if (!CHANNEL_NAME.test(key.text) || key.text.length > 48) {
      faults.push({
        code: 'invalid-key',
        message: `${quoted(key.text)} is no channel name: lower-case letters, digits and single hyphens, at most 48`,
        ...place,
      });
    } else if (value.kind !== 'map') {
      faults.push({
        code: 'invalid-key',
        message: `the channel ${key.text} needs a map, such as { action: block }`,
        ...place,
      });
    } else {
      channels.set(key.text, readChannel(key.text, value, place, faults));
    }
  }
  return channels;
}

function readChannel(
  name: string,
  value: YamlMap,
  place: { line: number; column: number },
  faults: YamlFault[],
): ChannelText {
  const checked = check(value, channelSchema, {
    where: 'a channel',
    as: (key, node) => (key === 'titles' ? titlesValue(node) : plainValue(key, node)),
  });
  faults.push(...checked.faults);
  const fixed = name === 'firewall-block' ? 'block' : name === 'firewall-allow' ? 'allow' : undefined;
  const action = checked.value?.action;
  if (fixed !== undefined && action !== undefined && action !== fixed) {
    faults.push({
      code: 'channel-action',
      message: `the channel ${name} has the action ${fixed}: give a channel with action ${action} another name`,
      ...place,
    });
  } else if (fixed === undefined && action === undefined && checked.value !== undefined) {
    faults.push({
      code: 'missing-key',
      message: `the channel ${name} needs "action: block" or "action: allow"`,
      ...place,
    });
  }
  return { ...checked.value, ...(fixed !== undefined && { action: fixed }) };
}

/** `0015a` is a text whatever stands around it; YAML 1.2 agrees, but `0015` alone would be a number. */
function titlesValue(node: YamlNode): unknown {
  return node.kind === 'text' ? node.text : plainValue('titles', node);
}

/** Titles find indicators and feeds in the tenant, so two of ours may not share one. CTIA's index folds case. */
export function sharedTitles(
  channels: ReadonlyMap<string, ChannelSettings>,
  at: { line: number; column: number },
): YamlFault[] {
  const faults: YamlFault[] = [];
  for (const kind of ['indicator', 'feed'] as const) {
    const seen = new Map<string, string>();
    for (const channel of channels.values()) {
      for (const [type, titles] of channel.titles) {
        const mine = `${channel.name}/${type}`;
        const other = seen.get(titles[kind].toLowerCase());
        seen.set(titles[kind].toLowerCase(), other ?? mine);
        if (other === undefined) continue;
        const message = `${other} and ${mine} have one ${kind} title, ${quoted(titles[kind])}: give one of the channels other titles`;
        faults.push({ code: 'shared-title', message, line: at.line, column: at.column });
      }
    }
  }
  return faults;
}
