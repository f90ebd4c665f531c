import type { Entry, Lifetime, Terms } from '../../src/ctim/entry.ts';
import { entryHash } from '../../src/ctim/external-id.ts';
import type { Observable } from '../../src/ctim/observable.ts';
import type { ActualJudgement, ActualLink } from '../../src/plan/actual.ts';
import type { ForeignJudgement, Taken } from '../../src/plan/adopt.ts';
import type { Change } from '../../src/plan/change.ts';
import { hashOf } from '../../src/plan/change.ts';
import type { Situation } from '../../src/plan/changes.ts';
import { wordsOf } from '../../src/plan/documents.ts';

/**
 * Situations as text, in which only what matters is said.
 *
 *   desired   tor 198.51.100.7                       an entry of list tor: 7d, to be renewed
 *             tor 198.51.100.7 once=+3d              ends in three days and is not renewed
 *             tor 198.51.100.7 out=3d                ends three days after it is first published
 *             tor 198.51.100.7 reason=scanner 14d    other words, another lifetime
 *   actual    tor 198.51.100.7 g0 +6d link0          a judgement that ends in six days, with a link to its feed's indicator
 *             tor 198.51.100.7 g1 -1d wrong0         a dead one of generation 1, linked to another indicator
 *             tor 198.51.100.7 g0 +6d link0:green    its link says another tlp than it does
 *             tor 198.51.100.7 gone link0            a link whose judgement is gone
 *   named     tor 198.51.100.7 id=x1 link            what somebody else made and the entry names, in its feed
 *
 * A list is in channel `firewall-block` unless its name says another (`mail:tor`).
 */
export const NOW = Date.parse('2026-11-25T02:00:00.000Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const BLOCK_IP = 'https://ctia.test:443/ctia/indicator/indicator-block-ip';
export const MAIL_IP = 'https://ctia.test:443/ctia/indicator/indicator-mail-ip';
const FORMER = 'https://ctia.test:443/ctia/indicator/indicator-former';

export const INDICATORS: ReadonlyMap<string, string> = new Map([
  ['firewall-block/ip', BLOCK_IP],
  ['mail/ip', MAIL_IP],
]);

const TERMS: Terms = {
  disposition: 2,
  source: 'acme lists',
  priority: 95,
  severity: 'Medium',
  confidence: 'High',
  tlp: 'amber',
  lifetime: { kind: 'renewed', text: '7d', ms: 7 * DAY },
};

export function situation(desired: string, actual: string, now = NOW): Situation {
  const entries = linesOf(desired).map((line) => entryOf(line));
  const world = new World(now);
  for (const line of linesOf(actual)) world.add(line);
  return { now, desired: new Map(entries.map((entry) => [h(entry), entry])), ...world.situation() };
}

export function entryOf(line: string): Entry {
  const [list, value, ...said] = words(line);
  const [name, channel] = channelOf(list);
  return {
    observable: { type: /^[\d./]+$/.test(value) ? 'ip' : 'domain', value },
    list: name,
    channel,
    terms: said.reduce(spoken, TERMS),
    position: { file: `feeds/${name}.yaml`, line: 12, column: 5 },
  };
}

export function h({ channel, list, observable }: Pick<Entry, 'channel' | 'list' | 'observable'>): string {
  return entryHash(channel, list, observable);
}

export function judgementOf(line: string, now = NOW): ActualJudgement {
  const [list, value, ...said] = words(line);
  const [name, channel] = channelOf(list);
  const observable: Observable = { type: 'ip', value };
  const terms = said.reduce(spoken, TERMS);
  const g = numberAfter('g', said) ?? 0;
  const end = said.filter((word) => /^[+-]\d+[mhd]$/.test(word)).map(span)[0];
  const start = said.find((word) => word.startsWith('start='));
  return {
    id: said.find((word) => word.startsWith('id='))?.slice(3) ?? `${name}-${value}-g${g}`,
    h: entryHash(channel, name, observable),
    g,
    observable,
    words: wordsOf(terms),
    start: start ? now + span(start.slice(6)) : now - 3 * DAY,
    end: terms.lifetime.kind === 'once' ? terms.lifetime.end : now + (end ?? 6 * DAY),
    once: terms.lifetime.kind !== 'renewed',
    lifetimeMs: terms.lifetime.kind === 'once' ? undefined : terms.lifetime.ms,
    references: [{ source_name: `acme/${name}`, description: `lifetime ${terms.lifetime.text}` }],
    links: linksOf(said, channel, terms.tlp),
  };
}

type Held = { -readonly [K in keyof ActualJudgement]: ActualJudgement[K] } & { links: ActualLink[] };

/**
 * What a tenant would hold: a naive model, against which the planner is checked. It knows what each change means from the
 * comment in plan/change.ts, and nothing of the documents that are sent for it.
 */
export class World {
  now: number;
  /** Its bulk PUT is closed to us. */
  succession = false;
  readonly judgements: Held[] = [];
  readonly gone: { h: string; link: ActualLink }[] = [];
  /** What entries name and others made. Live, all of it. */
  readonly foreign: (ForeignJudgement & { h: string; observable: Observable })[] = [];

  constructor(now = NOW) {
    this.now = now;
  }

  add(line: string): void {
    const judgement = judgementOf(line, this.now);
    if (words(line).includes('gone')) this.gone.push(...judgement.links.map((link) => ({ h: judgement.h, link })));
    else this.judgements.push({ ...judgement, links: [...judgement.links] });
  }

  addForeign(line: string): void {
    const {
      h: of,
      id,
      observable,
      words: its,
      start,
      links,
    } = judgementOf(line.replace(/\blink\b/, 'link0'), this.now);
    const foreign = { id, words: its, externalIds: [], references: [], start, end: this.now + 500 * 365 * DAY };
    this.foreign.push({
      ...foreign,
      h: of,
      observable,
      links: links.map((link) => ({ ...link, id: `link-of-${id}`, g: undefined })),
    });
  }

  situation(): Pick<Situation, 'actual' | 'indicators' | 'succession' | 'adoptable'> {
    const judgements = new Map<string, Held[]>();
    for (const it of this.judgements) judgements.set(it.h, [...(judgements.get(it.h) ?? []), it]);
    const dangling = new Map<string, ActualLink[]>();
    for (const { h: of, link } of this.gone) dangling.set(of, [...(dangling.get(of) ?? []), link]);
    const adoptable = new Map<string, ForeignJudgement[]>();
    for (const it of this.foreign) adoptable.set(it.h, [...(adoptable.get(it.h) ?? []), it]);
    return { actual: { judgements, dangling }, indicators: INDICATORS, succession: this.succession, adoptable };
  }

  apply(change: Change): void {
    if (this.succession) this.succeed(change);
    else this.replace(change);
  }

  private replace(change: Change): void {
    const judgement = 'stored' in change ? this.judgements.find(({ id }) => id === change.stored.id) : undefined;
    switch (change.kind) {
      case 'create': {
        const { entry, judgement: of, link } = change;
        const id = `made-${entry.list}-${entry.observable.value}-g${of.g}`;
        if (this.judgements.some((it) => it.h === of.h && it.g === of.g)) throw new Error(`${id} exists`);
        this.judgements.push({
          id,
          ...of,
          ...said(entry, this.now),
          links: [this.link(of.h, link.g, change.feed, entry.terms.tlp)],
        });
        return;
      }
      case 'link': {
        const { h: of, g } = change.judgement;
        const live = this.judgements.find((it) => it.h === of && it.g === g && it.end >= this.now);
        if (live === undefined) throw new Error(`nothing live to link: ${of} g${g}`);
        live.links.push(this.link(of, change.link.g, change.feed, change.entry.terms.tlp));
        return;
      }
      case 'adopt': {
        const { entry, stays, ends, judgement: first } = change;
        const take = ({ foreign: { id }, g, links }: Taken) => {
          const at = this.foreign.findIndex((it) => it.id === id);
          if (at < 0) throw new Error('nothing to adopt');
          this.foreign.splice(at, 1);
          const held: Held = { id, h: first.h, g, ...said(entry, this.now), links: [...links] };
          this.judgements.push(held);
          return held;
        };
        const kept = stays && take(stays);
        if (kept?.links.length === 0) kept.links.push(this.link(first.h, change.link.g, change.feed, entry.terms.tlp));
        for (const one of ends) Object.assign(take(one), { start: this.now - 2000, end: this.now - 2000 });
        return;
      }
      case 'revive':
      case 'change':
        if (judgement === undefined) throw new Error('nothing to replace');
        Object.assign(judgement, said(change.entry, this.now, judgement));
        for (const [n, link] of judgement.links.entries())
          judgement.links[n] = { ...link, tlp: change.entry.terms.tlp };
        return;
      case 'renew':
        if (judgement === undefined) throw new Error('nothing to renew');
        judgement.end = this.now + change.lifetimeMs;
        return;
      case 'withdraw':
        if (judgement === undefined) throw new Error('nothing to withdraw');
        Object.assign(judgement, {
          end: this.now - 2000,
          start: Math.min(judgement.start, this.now - 2000),
          once: false,
        });
        return;
      case 'unlink': {
        for (const it of this.judgements) it.links = it.links.filter(({ id }) => id !== change.link.id);
        const at = this.gone.findIndex(({ link }) => link.id === change.link.id);
        if (at >= 0) this.gone.splice(at, 1);
        return;
      }
      case 'collect':
        if (judgement === undefined || judgement.end >= this.now) throw new Error('nothing dead to collect');
        this.judgements.splice(this.judgements.indexOf(judgement), 1);
    }
  }

  /** With import and expire alone. */
  private succeed(change: Change): void {
    const judgement = 'stored' in change ? this.judgements.find(({ id }) => id === change.stored.id) : undefined;
    if (change.kind === 'withdraw') {
      if (judgement && !change.lapses) judgement.end = this.now - 1;
      if (judgement && judgement.start > this.now) this.judgements.splice(this.judgements.indexOf(judgement), 1);
      return;
    }
    if (change.kind === 'adopt') {
      const { entry, stays, ends, judgement: anew, link } = change;
      if (stays) this.replace({ kind: 'create', feed: change.feed, entry, judgement: anew, link });
      for (const { foreign } of stays ? [stays, ...ends] : ends)
        this.foreign.splice(
          this.foreign.findIndex(({ id }) => id === foreign.id),
          1,
        );
      return;
    }
    if (change.kind !== 'renew' && change.kind !== 'revive' && change.kind !== 'change') {
      this.replace(change);
      return;
    }
    if (judgement === undefined) throw new Error('nothing to succeed');
    const { stored, next, entry } = change;
    if (this.judgements.some(({ h: of, g }) => of === stored.h && g >= next)) throw new Error(`g${next} is taken`);
    const feed = entry && { channel: entry.channel, type: entry.observable.type };
    const link: ActualLink = feed
      ? this.link(stored.h, next, feed, entry.terms.tlp)
      : {
          id: `link-${stored.h}-${next}`,
          g: next,
          target: judgement.links.at(-1)?.target ?? '',
          tlp: judgement.words.tlp,
        };
    const fresh = entry
      ? said(entry, this.now, judgement)
      : {
          ...judgement,
          start: this.now - 5 * 60_000,
          end: this.now + ('lifetimeMs' in change ? change.lifetimeMs : 0),
        };
    this.judgements.push({ ...fresh, id: `next-${stored.id}-g${next}`, h: stored.h, g: next, links: [link] });
    if (judgement.end > fresh.end || judgement.observable.value !== fresh.observable.value)
      judgement.end = this.now - 1;
  }

  /** What a firewall would see. */
  view(indicator: string): string[] {
    const shown = [...this.judgements, ...this.foreign].filter(
      (it) => isLive(it, this.now) && it.links.some(({ target }) => target === indicator),
    );
    return [...new Set(shown.map(({ observable }) => observable.value))].sort();
  }

  private link(of: string, g: number, feed: { channel: string; type: string }, tlp: ActualLink['tlp']): ActualLink {
    const taken = [...this.judgements.flatMap(({ links }) => links), ...this.gone.map(({ link }) => link)];
    const id = `link-${of}-${g}`;
    if (taken.some((link) => link.id === id)) throw new Error(`${id} exists`);
    return { id, g, target: INDICATORS.get(`${feed.channel}/${feed.type}`) ?? '', tlp };
  }
}

function said(entry: Entry, now: number, before?: Held) {
  const { lifetime } = entry.terms;
  const goesOn = lifetime.kind === 'runs-out' && before?.once && before.lifetimeMs === lifetime.ms && before.end >= now;
  return {
    observable: entry.observable,
    words: wordsOf(entry.terms),
    start: now - 5 * 60_000,
    end: goesOn ? before.end : lifetime.kind === 'once' ? lifetime.end : now + lifetime.ms,
    once: lifetime.kind !== 'renewed',
    lifetimeMs: lifetime.kind === 'once' ? undefined : lifetime.ms,
    references: [{ source_name: `acme/${entry.list}`, description: `lifetime ${lifetime.text}` }],
  };
}

function isLive({ start, end }: { start: number; end: number }, now: number): boolean {
  return start <= now && now <= end;
}

/** A plan as text: one line a change, in order. */
export function planText(changes: readonly Change[]): string {
  return changes.map(changeText).join('\n');
}

function changeText(change: Change): string {
  switch (change.kind) {
    case 'create':
    case 'link':
      return `${change.kind} ${change.entry.list} ${change.entry.observable.value} g${change.judgement.g} link${change.link.g}`;
    case 'adopt': {
      const taken = ({ foreign: { id }, g, links }: Taken) =>
        `${id} as g${g}${links.map((link) => ` link${link.g}`).join('')}`;
      const { entry, stays, ends } = change;
      const says = [...(stays ? [`keeps ${taken(stays)}`] : []), ...ends.map((it) => `ends ${taken(it)}`)];
      return `adopt ${entry.list} ${entry.observable.value}: ${says.join(', ')}`;
    }
    case 'revive':
    case 'change':
    case 'renew':
    case 'collect':
      return `${change.kind} ${change.stored.id}`;
    case 'withdraw':
      return `withdraw ${change.stored.id}${change.after.length > 0 ? ` after ${change.after.length}` : ''}${change.lapses ? ' (lapses)' : ''}`;
    case 'unlink':
      return `unlink ${change.link.id.replace(hashOf(change), '')}`;
  }
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function words(line: string): [list: string, value: string, ...said: string[]] {
  const [list = '', value = '', ...said] = line.trim().split(/\s+/);
  return [list, value, ...said];
}

function channelOf(list: string): [name: string, channel: string] {
  const [channel = '', name] = list.split(':');
  return name === undefined ? [list, 'firewall-block'] : [name, channel];
}

function spoken(terms: Terms, word: string): Terms {
  const [key, value = ''] = word.split('=');
  if (key === 'once') {
    const end = NOW + span(value);
    return { ...terms, lifetime: { kind: 'once', text: new Date(end).toISOString(), end } };
  }
  if (key === 'out') return { ...terms, lifetime: { kind: 'runs-out', text: value, ms: span(value) } };
  if (/^\d+[hd]$/.test(word)) return { ...terms, lifetime: renewedFor(word) };
  if (key === 'priority') return { ...terms, priority: Number(value) };
  if (key === 'tlp') return { ...terms, tlp: value as Terms['tlp'] };
  return key === 'reason' || key === 'source' || key === 'source_uri' ? { ...terms, [key]: value } : terms;
}

function renewedFor(text: string): Lifetime {
  return { kind: 'renewed', text, ms: span(text) };
}

/** `+6d`, `-1d`, `90m`. */
export function span(text: string): number {
  const unit = { m: 60_000, h: HOUR, d: DAY }[text.slice(-1)] ?? 0;
  return Number(text.slice(0, -1)) * unit;
}

function numberAfter(prefix: string, said: readonly string[]): number | undefined {
  const found = said.find((word) => new RegExp(`^${prefix}\\d+$`).test(word));
  return found === undefined ? undefined : Number(found.slice(prefix.length));
}

function linksOf(said: readonly string[], channel: string, tlp: Terms['tlp']): ActualLink[] {
  return said.flatMap((word): ActualLink[] => {
    const [, where, g, its = tlp] = /^(link|wrong)(\d+)(?::(\w+))?$/.exec(word) ?? [];
    if (where === undefined) return [];
    const target = where === 'wrong' ? FORMER : INDICATORS.get(`${channel}/ip`);
    return [
      {
        id: `${said.find((it) => it.startsWith('id=')) ?? ''}${word}`,
        g: Number(g),
        target: target ?? '',
        tlp: its as Terms['tlp'],
      },
    ];
  });
}
