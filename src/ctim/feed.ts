import type { ConsumerName } from './consumer.ts';
import type { Tlp } from './judgement.ts';
import type { ObservableType } from './observable.ts';

/** Our verb for the `element-of` relationship judgement → indicator. The only relationship type that a feed view follows. */
export const LINK_TYPE = 'element-of';

export interface LinkDocument {
  id?: string;
  external_ids: string[];
  relationship_type: typeof LINK_TYPE;
  source_ref: string;
  target_ref: string;
  source: string;
  tlp: Tlp;
}

export interface IndicatorDocument {
  id?: string;
  external_ids: string[];
  producer: string;
  title: string;
  short_description?: string;
  description?: string;
  source?: string;
  source_uri?: string;
  tlp: Tlp;
}

export interface FeedDocument {
  id?: string;
  external_ids: string[];
  feed_type: 'indicator';
  output: 'observables';
  title: string;
  indicator_id: string;
  lifetime: { start_time: string; end_time: string };
  tlp: Tlp;
}

/** What one observable type of a channel is called in the tenant. */
export interface Titles {
  readonly indicator: string;
  readonly feed: string;
}

export type ListAction = 'block' | 'allow';

/** What lists publish to: one indicator and one feed for each observable type. A channel has one action. */
export interface Channel {
  readonly name: string;
  readonly action: ListAction;
  readonly titles: ReadonlyMap<ObservableType, Titles>;
  /** Who pulls its feeds, as far as the settings say. */
  readonly consumers?: readonly ConsumerName[];
}

/** Names of the channels that allow lists publish to. */
export function allowChannelsOf(channels: readonly Channel[]): ReadonlySet<string> {
  return new Set(channels.filter(({ action }) => action === 'allow').map(({ name }) => name));
}

/** One feed of one channel, written `channel/type` where a person reads it. */
export interface FeedName {
  readonly channel: string;
  readonly type: ObservableType;
}

/** A plan asks for each of a million entries, and there are some ten feeds: each text is made once. */
const keys = new Map<string, Map<string, string>>();

export function feedKey({ channel, type }: FeedName): string {
  const ofChannel = keys.get(channel) ?? new Map<string, string>();
  const known = ofChannel.get(type);
  if (known !== undefined) return known;
  const key = `${channel}/${type}`;
  keys.set(channel, ofChannel.set(type, key));
  return key;
}
