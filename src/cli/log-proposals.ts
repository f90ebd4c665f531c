import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { problemLine } from '../ctim/problem.ts';
import { type BlockProposal, type KnownOfAttackers, proposeBlocks } from '../incidents/block-proposals.ts';
import { type CrawlerOf, crawlerByName, crawlersByRange } from '../incidents/crawlers.ts';
import type { LogFindings } from '../incidents/findings.ts';
import { makeRangeTable, rangeOf } from '../lists/address.ts';
import { makeGuards } from '../lists/guards/guards.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { CommandRefused, EXIT } from './exit.ts';
import { bringLists, type Session } from './session.ts';

export interface ProposalOptions {
  readonly crawlers: readonly string[];
  readonly verifyCrawlers: boolean;
}

/** By the lists, settings and guards as they are now. */
export async function proposalsNow(
  session: Session,
  campaigns: readonly LogFindings[],
  { crawlers, verifyCrawlers }: ProposalOptions,
  /** On how many days before these campaigns; without a tenant nobody knows. */
  earlier: KnownOfAttackers['earlier'] = () => 0,
): Promise<BlockProposal[]> {
  const known = { ...(await knownOfAttackers(session, await crawlersOf(crawlers))), earlier };
  const proposals = proposeBlocks(campaigns, known);
  if (!verifyCrawlers) return proposals;
  const { resolver } = await import('./crawler-dns.ts');
  const proved = new Map<string, string>();
  // Only who would be blocked, one after the other: DNS is asked for attackers, not for all visitors.
  for (const proposal of proposals) {
    if (!('until' in proposal)) continue;
    const operator = await crawlerByName(proposal.attacker, resolver);
    if (operator !== undefined) proved.set(proposal.attacker.value, operator);
  }
  const crawlerOf: CrawlerOf = (attacker) => known.crawlerOf(attacker) ?? proved.get(attacker.value);
  return proved.size === 0 ? proposals : proposeBlocks(campaigns, { ...known, crawlerOf });
}

async function knownOfAttackers(session: Session, crawlerOf: CrawlerOf): Promise<Omit<KnownOfAttackers, 'earlier'>> {
  await bringLists(session);
  const { config, clock } = session;
  const now = clock.now();
  const knowledge = await session.guardKnowledge();
  const { reading } = await readFeeds(config.feedsDir, { now, knowledge });
  const { lists, entries, problems, settings } = reading;
  const allowing = new Set(lists.filter(({ action }) => action === 'allow').map(({ name }) => name));
  const allowed = makeRangeTable(
    entries.flatMap(({ observable, list, position }) => {
      const range = allowing.has(list) ? rangeOf(observable) : undefined;
      return range === undefined ? [] : [{ range, label: `${position.file}:${position.line}` }];
    }),
  );
  const broken = problems.find(({ severity }) => severity === 'error');
  return {
    ...{ now, guards: makeGuards(settings, knowledge), crawlerOf },
    brokenLists: broken && problemLine(broken),
    allowedBy(attacker) {
      const range = rangeOf(attacker);
      return range === undefined ? undefined : allowed.covering(range);
    },
  };
}

async function crawlersOf(files: readonly string[]): Promise<CrawlerOf> {
  const read = files.map(async (file) => ({
    operator: basename(file).replace(/\.\w{1,5}$/, ''),
    text: await readFile(file, 'utf8'),
  }));
  try {
    return crawlersByRange(await Promise.all(read));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandRefused(
      EXIT.usage,
      `--crawlers cannot be read (${why}): name a file with a range on each line, or JSON with "prefixes" as operators publish it`,
    );
  }
}
