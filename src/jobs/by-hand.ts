import type { ListAction } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import type { ChannelSettings } from '../lists/channels.ts';
import { type GuardKnowledge, type Guards, makeGuards } from '../lists/guards/guards.ts';
import { parseLifetime } from '../lists/lifetime.ts';
import { isUri } from '../lists/list-schema.ts';
import { normalise } from '../lists/normalise.ts';
import type { Settings } from '../lists/settings.ts';
import { EMPTY } from '../plan/hold.ts';
import { limitsOf } from '../plan/limits.ts';
import { type Attack, type AttackersReport, blockAttackers } from '../reconcile/attackers.ts';
import { addByHand, HandRefused, type HandReport, type WordsByHand } from '../reconcile/by-hand.ts';
import { removeByHand } from '../reconcile/let-through.ts';
import { type PanicReport, type PanicWork, panic, type ReleaseReport, release } from '../reconcile/panic.ts';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { UnrecoverableError } from './bullmq.ts';
import { readListsAt } from './desired.ts';
import { enqueue } from './enqueue.ts';
import { makeHandNotes } from './hand-notes.ts';
import { REFUSED, type Request, type RequestPayload } from './queues.ts';
import type { Errand } from './rate-budget.ts';
import { readTenant } from './tenant-reading.ts';
import type { Desk, Workplace } from './workplace.ts';

/** What a person says. */
export type PersonRequest = Extract<Request, { name: 'add' | 'remove' | 'panic' }>;
/** What the judgement itself is the will of: a person's word, and what logs propose. */
export type HandRequest = PersonRequest | Extract<Request, { name: 'attackers' }>;
/** `sync`: the job that brings back what the lists want of a channel whose hold was lifted. */
export type HandResult = HandReport | AttackersReport | PanicReport | (ReleaseReport & { readonly sync?: string });

/** Blocking attackers has its turn with what people add. */
export function errandOf({ name }: HandRequest): Errand {
  return name === 'attackers' ? 'add' : name;
}

/** `add`, `attackers`, `remove` and `panic` as jobs: a person's word. No list is read but the settings and guards, and those of the commit that a panic names. */
export async function processByHand(work: Workplace, desk: Desk, request: HandRequest): Promise<HandResult> {
  try {
    const result = await doByHand(handsOf(work, desk), work.feedsDir, await work.guardKnowledge(), request);
    const asked = request.name === 'attackers' ? { attackers: request.payload.attackers.length } : request.payload;
    work.log.info({ asked, job: request.name }, 'done by hand');
    if (!isReleased(request)) return result;
    const sync = await enqueue(work.requests, 'sync', {});
    return { ...(result as ReleaseReport), sync: String(sync.id) };
  } catch (error) {
    if (error instanceof HandRefused) throw new UnrecoverableError(`${REFUSED}${error.message}`);
    throw error;
  }
}

/** What a person's word is carried out with, where there is a Redis. */
export function handsOf(work: Workplace, desk: Desk): PanicWork {
  const { clock, owner, rights, redis, keys, feedsDir, ownEmbedded } = work;
  const { lastGood } = work.upstreams;
  return {
    ...{ ...desk, clock, owner, rights, notes: makeHandNotes(redis, keys) },
    async readActual(self, channels) {
      const reading = readTenant(work, desk);
      const actual = await reading.readActual(self);
      await reading.readFeedEntities(self, channels);
      await reading.keep();
      return actual;
    },
    async listsAt(commit, allowed) {
      const knowledge = await work.guardKnowledge();
      return readListsAt({ feedsDir, ownEmbedded, knowledge, lastGood, now: desk.client.serverNow() }, commit, allowed);
    },
  };
}

/** The same in any process. */
export async function doByHand(
  hands: PanicWork,
  feedsDir: string,
  knowledge: GuardKnowledge,
  request: HandRequest,
): Promise<HandResult> {
  const settings = await readSettingsAlone(feedsDir);
  try {
    switch (request.name) {
      case 'add':
        return await add(hands, settings, makeGuards(settings, knowledge), request.payload);
      case 'attackers':
        return await attackers(hands, settings, makeGuards(settings, knowledge), request.payload);
      case 'remove':
        return await remove(hands, settings, request.payload);
      default:
        return await panicOrRelease(hands, settings, request.payload);
    }
  } finally {
    await hands.notes?.done();
  }
}

export function isReleased({ name, payload }: HandRequest): boolean {
  return name === 'panic' && payload.release === true;
}

async function add(
  hands: PanicWork,
  settings: Settings,
  guards: Guards,
  payload: RequestPayload<'add'>,
): Promise<HandReport> {
  const observable = observableOf(payload);
  const channel = channelOf(settings, payload.channel, 'block');
  const words = wordsOf(payload);
  const { force = false } = payload;
  if (!force) refuseWithout(channel, words);
  const guarded = channel.action === 'block' ? guards.judge(observable) : undefined;
  // Of a warning a person who blocks one value now, for a time, has thought.
  if (guarded && guarded.weight !== 'warn')
    throw new HandRefused(`${observable.value} is not blocked: ${guarded.why}; ${GUARDED[guarded.weight]}`);
  const channels = [...settings.channels.values()];
  return addByHand(hands, {
    ...{ observable, channel, channels },
    lifetimeMs: lifetimeOf(payload.for),
    words,
    limits: force ? undefined : limitsOfChannel(settings, channel),
  });
}

/** Who is guarded, with a warning too, is not blocked because a log names him; the others are. */
async function attackers(
  hands: PanicWork,
  settings: Settings,
  guards: Guards,
  { attackers: asked, channel: name, force = false }: RequestPayload<'attackers'>,
): Promise<AttackersReport> {
  const channel = channelOf(settings, name, 'block');
  if (channel.action !== 'block') throw new HandRefused(`${channel.name} is a channel of what is allowed`);
  const attacks: Attack[] = [];
  const guarded: AttackersReport['notBlocked'][number][] = [];
  for (const { until, reason, severity = 'Medium', source_uri, ...value } of asked) {
    const observable = observableOf(value);
    const guard = guards.judge(observable);
    if (guard === undefined) attacks.push({ observable, until: Date.parse(until), reason, severity, source_uri });
    else guarded.push({ value: observable.value, because: guard.message });
  }
  const channels = [...settings.channels.values()];
  const limits = force ? undefined : limitsOfChannel(settings, channel);
  const report = await blockAttackers(hands, { channel, channels, attacks, limits });
  return { ...report, notBlocked: [...guarded, ...report.notBlocked] };
}

const GUARDED = {
  never: 'no force lifts that, by hand or in a list',
  refuse:
    'by hand nothing lifts that: if it is meant all the same, list it with force: "reason", where others look at it',
} as const;

function limitsOfChannel({ limits: all }: Settings, { name, limits }: ChannelSettings) {
  return limitsOf({ all, channels: new Map([[name, limits]]), lists: new Map() }, name);
}

function wordsOf({ reason, ticket, source_uri }: RequestPayload<'add'>): WordsByHand {
  if (source_uri !== undefined && !isUri(source_uri))
    throw new HandRefused(`${JSON.stringify(source_uri)} is no absolute URI, percent-encoded, such as https://…`);
  return { reason, ...(ticket !== undefined && { ticket }), ...(source_uri !== undefined && { source_uri }) };
}

/** What a channel requires of the entries of lists it requires of a person too. */
function refuseWithout({ name, require }: ChannelSettings, words: WordsByHand): void {
  const missing = require.filter((word) => words[word] === undefined);
  if (missing.length === 0) return;
  const said = missing.map((word) => `--${word.replaceAll('_', '-')}`).join(' and ');
  throw new HandRefused(
    `the channel ${name} requires ${missing.join(' and ')}: say ${said}, or --force if there is none`,
  );
}

async function remove(hands: PanicWork, settings: Settings, payload: RequestPayload<'remove'>): Promise<HandReport> {
  const observable = observableOf(payload);
  const { carveOut = false } = payload;
  if (carveOut && payload.for === undefined)
    throw new HandRefused('a range is split for a time: say for how long, for example --for 24h');
  const allow = payload.for !== undefined && {
    channel: channelOf(settings, undefined, 'allow'),
    lifetimeMs: lifetimeOf(payload.for),
    reason: payload.reason ?? 'let through by hand',
    carveOut,
  };
  return removeByHand(hands, { observable, channels: [...settings.channels.values()], allow: allow || undefined });
}

/** The settings may be broken, and a panic must go all the same: of a channel that they do not know the tenant tells. */
async function panicOrRelease(
  hands: PanicWork,
  settings: Settings,
  { channel: name, to = EMPTY, release: lifts, reason }: RequestPayload<'panic'>,
): Promise<PanicReport | ReleaseReport> {
  if (lifts) return release(hands, name);
  return panic(hands, { channel: settings.channels.get(name), name, to, reason });
}

function observableOf({ value, type }: { value: string; type?: Observable['type'] | undefined }): Observable {
  const normalised = normalise(value, type === undefined ? {} : { type });
  if ('refused' in normalised) throw new HandRefused(normalised.refused.message);
  return normalised.observable;
}

function lifetimeOf(text: string): number {
  const parsed = parseLifetime(text);
  if ('wrong' in parsed) throw new HandRefused(parsed.wrong);
  return parsed.value.ms;
}

/** By name, or the default channel of the action: the one whose name ends so, else the first. */
function channelOf(settings: Settings, name: string | undefined, action: ListAction): ChannelSettings {
  const channels = [...settings.channels.values()];
  const found =
    name === undefined
      ? (channels.find((it) => it.name === `firewall-${action}`) ?? channels.find((it) => it.action === action))
      : channels.find((it) => it.name === name);
  if (found) return found;
  const known = channels.map((it) => it.name).join(', ');
  throw new HandRefused(`there is no channel ${name ?? `with action ${action}`}; the settings have ${known}`);
}
