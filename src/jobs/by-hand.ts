import { UnrecoverableError } from 'bullmq';
import type { Channel, ListAction } from '../ctim/feed.ts';
import type { Observable } from '../ctim/observable.ts';
import { type Guards, makeGuards } from '../lists/guards/guards.ts';
import { parseLifetime } from '../lists/lifetime.ts';
import { normalise } from '../lists/normalise.ts';
import type { Settings } from '../lists/settings.ts';
import { addByHand, HandRefused, type HandReport, type HandWork, removeByHand } from '../reconcile/by-hand.ts';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { REFUSED, type Request, type RequestPayload } from './queues.ts';
import type { Desk, Workplace } from './workplace.ts';

/** `add` and `remove`: one observable, a person's word, no list read but the settings and guards. */
export async function processByHand(
  work: Workplace,
  desk: Desk,
  request: Extract<Request, { name: 'add' | 'remove' }>,
  signal?: AbortSignal,
): Promise<HandReport> {
  const settings = await readSettingsAlone(work.feedsDir);
  const hands: HandWork = { ...desk, clock: work.clock, owner: work.owner, rights: work.rights, signal };
  try {
    return request.name === 'add'
      ? await add(hands, settings, makeGuards(settings, await work.guardKnowledge()), request.payload)
      : await remove(hands, settings, request.payload);
  } catch (error) {
    if (error instanceof HandRefused) throw new UnrecoverableError(`${REFUSED}${error.message}`);
    throw error;
  } finally {
    await work.redis.incr(work.keys.byHand);
  }
}

async function add(
  hands: HandWork,
  settings: Settings,
  guards: Guards,
  payload: RequestPayload<'add'>,
): Promise<HandReport> {
  const observable = observableOf(payload);
  const channel = channelOf(settings, payload.channel, 'block');
  const guarded = channel.action === 'block' ? guards.judge(observable) : undefined;
  // Of a warning a person who blocks one value now, for a time, has thought.
  if (guarded && guarded.weight !== 'warn')
    throw new HandRefused(`${observable.value} is not blocked: ${guarded.message}`);
  return addByHand(hands, { observable, channel, lifetimeMs: lifetimeOf(payload.for), reason: payload.reason });
}

async function remove(hands: HandWork, settings: Settings, payload: RequestPayload<'remove'>): Promise<HandReport> {
  const observable = observableOf(payload);
  const allow = payload.for !== undefined && {
    channel: channelOf(settings, undefined, 'allow'),
    lifetimeMs: lifetimeOf(payload.for),
    reason: payload.reason ?? 'let through by hand',
  };
  return removeByHand(hands, { observable, channels: [...settings.channels.values()], allow: allow || undefined });
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
function channelOf(settings: Settings, name: string | undefined, action: ListAction): Channel {
  const channels = [...settings.channels.values()];
  const found =
    name === undefined
      ? (channels.find((it) => it.name === `firewall-${action}`) ?? channels.find((it) => it.action === action))
      : channels.find((it) => it.name === name);
  if (found) return found;
  const known = channels.map((it) => it.name).join(', ');
  throw new HandRefused(`there is no channel ${name ?? `with action ${action}`}; the settings have ${known}`);
}
