import { makeJudgement, makeLink } from '../reconcile/foreign.ts';
import type { Call } from './caller.ts';
import type { Chance } from './chance.ts';
import { ordinary } from './edits.ts';
import { asItIs } from './foreign.ts';
import { FEEDS, filesOf, IPS } from './lists.ts';
import { pathOf } from './meddling.ts';
import { headOf, type Scene } from './scene.ts';

const FEED = 'firewall-block/ip';

/** What others put into a feed of ours, and what an entry may name one day. */
export interface OfOthers {
  readonly value: string;
  readonly judgements: readonly string[];
  readonly links: readonly string[];
}

/** As a workflow leaves them, as old scripts import them, as a person makes them. */
const MAKERS: readonly object[] = [
  {
    ...{ source: 'securex-orchestration', disposition: 5, disposition_name: 'Unknown', reason: 'added by an analyst' },
    valid_time: { start_time: '2025-03-01T08:00:00.000Z', end_time: '2525-01-01T00:00:00.000Z' },
  },
  { source: 'XDR Demo', external_ids: ['xdr-automation-judgment-7'], tlp: 'green' },
  { source: 'an analyst' },
];

/**
 * Others put a value into our feed, once or twice. Nobody of us touches that until an entry names it with `adopt:`; from
 * then on it is ours to write, and stays in the feed all the while.
 */
export async function meetOthers(scene: Scene, chance: Chance): Promise<void> {
  const waiting = scene.ofOthers.shift();
  if (waiting !== undefined && chance.happens(0.7)) name(scene, chance, waiting);
  else {
    if (waiting !== undefined) scene.ofOthers.push(waiting);
    await come(scene, chance);
    const [last] = scene.ofOthers.slice(-1);
    if (last !== undefined && chance.happens(0.5)) name(scene, chance, scene.ofOthers.pop() ?? last);
  }
}

async function come({ world: { colleague, now }, auditor, ofOthers, say }: Scene, chance: Chance): Promise<void> {
  const value = chance.happens(0.5) ? chance.pick(IPS) : `203.0.113.${20 + chance.below(40)}`;
  const makers = Array.from({ length: 1 + chance.below(2) }, () => chance.pick(MAKERS));
  const target = await indicatorOf(colleague);
  const linked = makers.map(() => chance.happens(0.8));
  if (target === undefined) return;
  const those: OfOthers & { judgements: string[]; links: string[] } = { value, judgements: [], links: [] };
  for (const [n, maker] of makers.entries()) {
    const judgement = await makeJudgement(colleague, value, maker);
    const path = pathOf(judgement);
    those.judgements.push(path);
    auditor.addForeign(await asItIs(`by others on ${value}`, judgement.id, colleague));
    if (!linked[n]) continue;
    const link = await makeLink(colleague, judgement.id, target);
    those.links.push(pathOf(link));
    auditor.addForeign(await asItIs(`by others on ${value}, link`, link.id, colleague));
    auditor.keeps({ feed: FEED, value, from: now(), until: endOf(judgement), by: path });
  }
  ofOthers.push(those);
  say(`others make ${makers.length} judgements on ${value}, ${those.links.length} of them in our feed`);
}

function name(scene: Scene, chance: Chance, those: OfOthers): void {
  const { lists, commits, auditor, say, named } = scene;
  const { value, judgements } = those;
  const [file, list] = chance.pick(ordinary(lists).filter(([, { channel }]) => channel === 'firewall-block'));
  const ids = judgements.map((path) => path.slice(path.lastIndexOf('/') + 1));
  list.entries.set(value, { adopt: `[${ids.join(', ')}]` });
  const n = headOf({ commits }).n + 1;
  commits.push({ n, files: filesOf(lists) });
  scene.isBroken = false;
  for (const path of judgements) named.add(path);
  say(`commit ${n}: ${file}: ${value} adopts what others made of it`);
  auditor.wants(lists);
  auditor.adopts(lists, FEED, value, those);
}

function endOf(judgement: Record<string, unknown>): number {
  return Date.parse((judgement.valid_time as { end_time: string }).end_time);
}

async function indicatorOf(colleague: Call): Promise<string | undefined> {
  const { json } = await colleague('GET', '/ctia/feed/search?limit=1000');
  return json.find((it: { title: string }) => it.title === FEEDS[FEED])?.indicator_id;
}
