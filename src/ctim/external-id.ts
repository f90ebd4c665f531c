import { hash } from 'node:crypto';
import type { Plural } from './bundle.ts';
import type { Observable, ObservableType } from './observable.ts';

/**
 * The external ids that make a tenant's objects ours and each one unique.
 *
 *   judgement            <owner>-judgement-<h>-<g>, <owner>-entry-<h>, <owner>-owned, and <owner>-once-<h> where it is not renewed
 *   link                 <owner>-link-<h>-<g>, <owner>-owned
 *   indicator, feed      <owner>-indicator-<channel>-<type>, <owner>-feed-<channel>-<type>-<g>, <owner>-owned
 *   state, hold          <owner>-state, <owner>-hold-<channel>, <owner>-owned
 *   of incidents         <owner>-incident-<h>, <owner>-sighting-<h>, <owner>-member-<h> (relationships), <owner>-evidence-<h>
 *                        (judgements, indicators and all else of incidents, outside any sync), <owner>-owned
 *
 * **h** identifies the entry: what, in which list, for which channel; of incidents, what makes it the same thing. **g** is its generation: 0, or one more than any
 * judgement or link of that h that we know of. The formats are cast in stone by the first user who runs this.
 */

/** No hyphen, so that the owner `acme` never owns what `acme-eu` made. */
export const OWNER_PATTERN = /^[a-z][a-z0-9]{2,31}$/;

export function entryHash(channel: string, list: string, observable: Observable): string {
  return hash('sha256', named(channel, list, observable));
}

/** The same h as bytes, one in each character: half as long, and a million of them are not written out in digits first. */
export function entryDigest(channel: string, list: string, observable: Observable): string {
  return hash('sha256', named(channel, list, observable), 'binary');
}

/** By channel, list and type: how that array begins. They are as many as the lists. */
const heads = new Map<string, Map<string, Map<string, string>>>();
/** What JSON writes as it is. */
const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

/** The JSON array `[channel, list, type, value]`. */
function named(channel: string, list: string, { type, value }: Observable): string {
  const lists = heads.get(channel) ?? new Map<string, Map<string, string>>();
  const types = lists.get(list) ?? new Map<string, string>();
  let head = types.get(type);
  if (head === undefined) {
    head = JSON.stringify([channel, list, type]).slice(0, -1);
    heads.set(channel, lists.set(list, types.set(type, head)));
  }
  return `${head},${NEEDS_NO_ESCAPE.test(value) ? `"${value}"` : JSON.stringify(value)}]`;
}

/** The mark that every entity of ours bears. */
export function ownedId(owner: string): string {
  return `${owner}-owned`;
}

/** Whose mark this is; undefined where it is none. */
export function ownerOfMark(externalId: string): string | undefined {
  const [, owner] = /^(.*)-owned$/s.exec(externalId) ?? [];
  return owner !== undefined && OWNER_PATTERN.test(owner) ? owner : undefined;
}

export interface Generation {
  readonly h: string;
  readonly g: number;
}

export function judgementId(owner: string, { h, g }: Generation): string {
  return `${owner}-judgement-${h}-${g}`;
}

/** What all generations of one entry bear. */
export function entryId(owner: string, h: string): string {
  return `${owner}-entry-${h}`;
}

export function linkId(owner: string, { h, g }: Generation): string {
  return `${owner}-link-${h}-${g}`;
}

export function judgementIds(owner: string, generation: Generation, once: boolean): string[] {
  const ids = [judgementId(owner, generation), entryId(owner, generation.h), ownedId(owner)];
  return once ? [...ids, `${owner}-once-${generation.h}`] : ids;
}

export function linkIds(owner: string, generation: Generation): string[] {
  return [linkId(owner, generation), ownedId(owner)];
}

/** The prefixes that bundle import dedupes by; all else in a bundle would be created every time. */
export function importPrefixes(owner: string): string {
  return `${owner}-judgement-,${owner}-link-`;
}

export function indicatorId(owner: string, channel: string, type: ObservableType): string {
  return `${owner}-indicator-${channel}-${type}`;
}

/** Without its generation, the prefix by which the feeds of one channel and type are found. */
export function feedIdPrefix(owner: string, channel: string, type: ObservableType): string {
  return `${owner}-feed-${channel}-${type}-`;
}

export function feedId(owner: string, channel: string, type: ObservableType, g: number): string {
  return `${feedIdPrefix(owner, channel, type)}${g}`;
}

/** The channel and type that a feed of ours was made for, as `feedKey` writes them. */
export function feedKeyOfIds(owner: string, externalIds: readonly string[]): string | undefined {
  const prefix = `${owner}-feed-`;
  const [, channel, type] =
    /^(.+)-([^-]+)-[0-9]+$/.exec(externalIds.find((it) => it.startsWith(prefix))?.slice(prefix.length) ?? '') ?? [];
  return channel && `${channel}/${type}`;
}

/** The channel that an indicator of ours was made for. A type has no hyphen, a channel may. */
export function channelOfIndicator(owner: string, externalIds: readonly string[]): string | undefined {
  const prefix = `${owner}-indicator-`;
  const id = externalIds.find((it) => it.startsWith(prefix));
  return id?.slice(prefix.length, id.lastIndexOf('-'));
}

const OF_INCIDENTS = ['incident', 'sighting', 'member', 'evidence'] as const;

/** Of an incident, or of what belongs to one; `h` is the SHA-256 of what makes it the same thing. */
export function incidentPartId(owner: string, plural: Plural, h: string): string {
  const words = { incidents: 'incident', sightings: 'sighting', relationships: 'member' } as const;
  const word = plural in words ? words[plural as keyof typeof words] : 'evidence';
  return `${owner}-${word}-${h}`;
}

/** The prefixes that the import of an incident dedupes by. */
export function incidentPrefixes(owner: string): string {
  return OF_INCIDENTS.map((word) => `${owner}-${word}-`).join(',');
}

/** Whether it was made for an incident: such a thing a sync neither reads nor renews. */
export function isIncidentPart(owner: string, externalIds: readonly string[]): boolean {
  return externalIds.some((id) => OF_INCIDENTS.some((word) => id.startsWith(`${owner}-${word}-`)));
}

/** What bears this is held by the lists, or by a person's `add`: a sync renews and withdraws it. */
export function isUnderSync(owner: string, externalIds: readonly string[]): boolean {
  return externalIds.some((id) => id.startsWith(`${owner}-entry-`));
}

export function stateId(owner: string): string {
  return `${owner}-state`;
}

/** The indicator whose being there says that a person holds this channel. */
export function holdId(owner: string, channel: string): string {
  return `${owner}-hold-${channel}`;
}

export function channelOfHold(owner: string, externalIds: readonly string[]): string | undefined {
  const prefix = `${owner}-hold-`;
  return externalIds.find((it) => it.startsWith(prefix))?.slice(prefix.length);
}

/** The state while an owner is renamed: neither the old owner nor the new one has any then, and no run of either goes on. */
export function movingStateId(from: string, to: string): string {
  return `${to}-state-of-${from}`;
}

/** The same ids under another owner; what bears another prefix stays. An entry's h is of no owner. */
export function renamedIds(externalIds: readonly string[], from: string, to: string): string[] {
  return externalIds.map((id) => (id.startsWith(`${from}-`) ? `${to}${id.slice(from.length)}` : id));
}

const GENERATION = /^([0-9a-f]{64})-(0|[1-9][0-9]{0,8})$/;

/** The generation that a judgement's or link's external ids tell, or undefined where they are not of this kind and owner. */
export function generationOf(
  owner: string,
  kind: 'judgement' | 'link',
  externalIds: readonly string[],
): Generation | undefined {
  const prefix = `${owner}-${kind}-`;
  for (const id of externalIds) {
    if (!id.startsWith(prefix)) continue;
    const [, h, g] = GENERATION.exec(id.slice(prefix.length)) ?? [];
    if (h !== undefined && g !== undefined) return { h, g: Number(g) };
  }
  return undefined;
}

/** Ours bears our mark exactly, case included: CTIA's own look-up folds case. */
export function isOwned(owner: string, externalIds: readonly string[] | undefined): boolean {
  return externalIds?.includes(ownedId(owner)) ?? false;
}

export function isOnce(owner: string, h: string, externalIds: readonly string[]): boolean {
  return externalIds.includes(`${owner}-once-${h}`);
}
