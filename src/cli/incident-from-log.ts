import { createReadStream } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { type BlockProposal, type KnownOfAttackers, proposeBlocks } from '../incidents/block-proposals.ts';
import { crawlerByName, crawlersByRange } from '../incidents/crawlers.ts';
import type { LogFindings } from '../incidents/findings.ts';
import { followLog } from '../incidents/follow-log.ts';
import { checkpointFile } from '../incidents/log-checkpoint.ts';
import { logPieces } from '../incidents/log-lines.ts';
import { type AttackReading, type LogReadingCounts, makeAttackReading } from '../incidents/read-attacks.ts';
import { SHIPPED_RULES } from '../incidents/read-rules.ts';
import { makeRangeTable, rangeOf } from '../lists/address.ts';
import { makeGuards } from '../lists/guards/guards.ts';
import { durationMs } from '../lists/lifetime.ts';
import { DAY, HOUR } from '../runtime/clock.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { renderFromLog, renderNew } from './from-log-text.ts';
import { rulesOf } from './rules.ts';
import { bringLists, type Session } from './session.ts';

interface Options {
  readonly rules: readonly string[];
  readonly window: string;
  readonly source?: string;
  readonly crawlers: readonly string[];
  readonly verifyCrawlers: boolean;
  readonly follow: boolean;
  readonly json: boolean;
}

/** What the command knows when it has read. */
export interface FromLog {
  readonly campaigns: readonly LogFindings[];
  readonly proposals: readonly BlockProposal[];
  readonly counts: LogReadingCounts;
}

/** `incident from-log`: what stands in logs, and what would be made of it. Sends and writes nothing but its own checkpoint. */
export async function fromLog(session: Session, files: readonly string[], options: Options): Promise<Exit> {
  const windowMs = windowOf(options.window);
  const rules = await rulesOf([SHIPPED_RULES, ...options.rules]);
  const [first = '-'] = files;
  const source =
    options.source ?? (first === '-' ? 'stdin' : basename(first).replace(/(?:[.-]\d{1,10})?(?:\.gz)?$/, ''));
  const known = await knownOfAttackers(session, options);
  if (options.follow) {
    if (files.length !== 1 || first === '-')
      throw new CommandRefused(EXIT.usage, '--follow reads one file that is written to: name that one, not stdin');
    return follow(session, first, { rules, source, windowMs, known, json: options.json });
  }
  const reading = makeAttackReading({ rules, source, windowMs });
  for (const file of files) {
    for await (const lines of piecesOf(file)) {
      session.signal.throwIfAborted();
      for (const line of lines) reading.read(line);
    }
  }
  const campaigns = reading.findings();
  const proposals = await proposalsOf(campaigns, known, options.verifyCrawlers);
  const found: FromLog = { campaigns, proposals, counts: reading.counts() };
  session.print(options.json ? JSON.stringify(found, null, 2) : renderFromLog(found));
  return EXIT.done;
}

/** Shorter, and one attack becomes many incidents; longer, and an incident grows for days. */
const WINDOW_MIN_MS = HOUR;
const WINDOW_MAX_MS = 7 * DAY;

function windowOf(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined || ms < WINDOW_MIN_MS || ms > WINDOW_MAX_MS)
    throw new CommandRefused(EXIT.usage, `--window ${text} is no window: write a duration from 1h to 7d, such as 24h`);
  return ms;
}

async function* piecesOf(file: string): AsyncGenerator<readonly string[]> {
  try {
    yield* logPieces(await openLog(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandRefused(
      EXIT.usage,
      `${file} cannot be read (${why}): name an access log, plain or gzip, or - for stdin`,
    );
  }
}

async function openLog(file: string): Promise<Readable> {
  return file === '-' ? process.stdin : createReadStream(file, { highWaterMark: READ_BYTES });
}

const READ_BYTES = 256 * 1024;

async function proposalsOf(
  campaigns: readonly LogFindings[],
  known: KnownOfAttackers,
  verifyCrawlers: boolean,
): Promise<BlockProposal[]> {
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
  const crawlerOf: KnownOfAttackers['crawlerOf'] = (attacker) =>
    known.crawlerOf(attacker) ?? proved.get(attacker.value);
  return proved.size === 0 ? proposals : proposeBlocks(campaigns, { ...known, crawlerOf });
}

async function knownOfAttackers(session: Session, options: Options): Promise<KnownOfAttackers> {
  await bringLists(session);
  const { config, clock } = session;
  const now = clock.now();
  const knowledge = await session.guardKnowledge();
  const { reading } = await readFeeds(config.feedsDir, { now, knowledge });
  const allowing = new Set(reading.lists.filter(({ action }) => action === 'allow').map(({ name }) => name));
  const allowed = makeRangeTable(
    reading.entries.flatMap(({ observable, list, position }) => {
      const range = allowing.has(list) ? rangeOf(observable) : undefined;
      return range === undefined ? [] : [{ range, label: `${position.file}:${position.line}` }];
    }),
  );
  const crawlerFiles = options.crawlers.map(async (file) => {
    return { operator: basename(file).replace(/\.\w{1,5}$/, ''), text: await readFile(file, 'utf8') };
  });
  return {
    now,
    guards: makeGuards(reading.settings, knowledge),
    allowedBy(attacker) {
      const range = rangeOf(attacker);
      return range === undefined ? undefined : allowed.covering(range);
    },
    crawlerOf: crawlersByRange(await Promise.all(crawlerFiles)),
    earlier: () => 0,
  };
}

interface Following {
  readonly rules: Parameters<typeof makeAttackReading>[0]['rules'];
  readonly source: string;
  readonly windowMs: number;
  readonly known: KnownOfAttackers;
  readonly json: boolean;
}

/** Tells each campaign again as it grows; ends with the signal. */
async function follow(
  session: Session,
  file: string,
  { rules, source, windowMs, known, json }: Following,
): Promise<Exit> {
  const { clock, signal, config } = session;
  const path = await realpath(file).catch(() => file);
  const checkpoint = checkpointFile(join(config.dataDir, 'logs'), path, windowMs);
  const before = await checkpoint.read();
  const notice = (message: string) => console.error(`notice: ${message}`);
  const resumed = before === undefined || 'wrong' in before ? undefined : before;
  if (before !== undefined && resumed === undefined)
    notice(`${checkpoint.file} cannot be understood, so ${file} is read from its beginning`);
  const reading: AttackReading = makeAttackReading({ rules, source, windowMs, before: resumed?.findings ?? [] });
  const told = new Map<string, number>();
  for await (const { lines, position } of followLog({ path, clock, signal, from: resumed?.position, notice })) {
    for (const line of lines) reading.read(line);
    // The window before stays open too: what comes late belongs there.
    const newest = reading.newest();
    if (newest !== undefined) reading.forgetBefore(newest - windowMs);
    const campaigns = reading.findings();
    const text = renderNew(campaigns, told);
    if (text !== undefined) {
      const proposals = proposeBlocks(campaigns, { ...known, now: clock.now() });
      session.print(json ? JSON.stringify({ campaigns, proposals }) : text);
    }
    await checkpoint.write({ position, findings: campaigns });
  }
  return EXIT.done;
}
