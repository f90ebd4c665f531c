import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { LogFindings } from '../incidents/findings.ts';
import { followLog } from '../incidents/follow-log.ts';
import { checkpointFile, type LogCheckpoint } from '../incidents/log-checkpoint.ts';
import { logPieces } from '../incidents/log-lines.ts';
import { type AttackReadingOptions, makeAttackReading } from '../incidents/read-attacks.ts';
import { SHIPPED_RULES } from '../incidents/read-rules.ts';
import { durationMs } from '../lists/lifetime.ts';
import { DAY, HOUR, SECOND } from '../runtime/clock.ts';
import { CommandRefused, EXIT, type Exit, exitOfError } from './exit.ts';
import { type FromLog, renderFromLog, renderNew } from './from-log-text.ts';
import { type ProposalOptions, proposalsNow } from './log-proposals.ts';
import { openSender, sentLines } from './log-sending.ts';
import { rulesOf } from './rules.ts';
import type { Session } from './session.ts';

interface Options extends ProposalOptions {
  readonly rules: readonly string[];
  readonly window: string;
  readonly source?: string;
  readonly follow: boolean;
  readonly send: boolean;
  readonly json: boolean;
}

/** `incident from-log`: what stands in logs, and what would be made of it. Without `--send` it sends nothing, and needs no tenant. */
export async function fromLog(session: Session, files: readonly string[], options: Options): Promise<Exit> {
  const windowMs = windowOf(options.window);
  const rules = await rulesOf([SHIPPED_RULES, ...options.rules]);
  const [first = '-'] = files;
  const source = options.source ?? (first === '-' ? 'stdin' : withoutRotation(basename(first)));
  if (options.follow) {
    if (files.length !== 1 || first === '-')
      throw new CommandRefused(EXIT.usage, '--follow reads one file that is written to: name that one, not stdin');
    return follow(session, first, { rules, source, windowMs }, options);
  }
  const reading = makeAttackReading({ rules, source, windowMs });
  for (const file of files) {
    for await (const lines of piecesOf(file)) {
      session.signal.throwIfAborted();
      for (const line of lines) reading.read(line);
    }
  }
  const campaigns = reading.findings();
  const counts = reading.counts();
  if (!options.send || campaigns.length === 0) {
    const proposals = await proposalsNow(session, campaigns, options);
    const found: FromLog = { campaigns, proposals, counts };
    session.print(options.json ? JSON.stringify(found, null, 2) : renderFromLog(found, undefined));
    return EXIT.done;
  }
  const sent = await (await openSender(session, options)).send(campaigns);
  const { lines, exit } = sentLines(sent);
  const { proposals, ...became } = sent;
  const found: FromLog = { campaigns, proposals, counts };
  session.print(options.json ? JSON.stringify({ ...found, sent: became }, null, 2) : renderFromLog(found, lines));
  return exit;
}

/** `access.log.1`, `access.log-20261125.gz`: the same log. */
function withoutRotation(name: string): string {
  return name.replace(/\.gz$/, '').replace(/(?<=.)[.-]\d{1,10}$/, '');
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

const READ_BYTES = 256 * 1024;

async function* piecesOf(file: string): AsyncGenerator<readonly string[]> {
  try {
    yield* logPieces(file === '-' ? process.stdin : createReadStream(file, { highWaterMark: READ_BYTES }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandRefused(
      EXIT.usage,
      `${file} cannot be read (${why}): name an access log, plain or gzip, or - for stdin`,
    );
  }
}

/** A checkpoint may be large, and what is read again after a restart is counted once all the same. */
const CHECKPOINT_EVERY_MS = 10 * SECOND;

/** Sightings grow with each request of an attack: what is new is sent at once, what grows not all the time. */
const SEND_EVERY_MS = 30 * SECOND;

/** Tells each campaign again as it grows, and sends it where that is asked for; ends with the signal. */
async function follow(session: Session, file: string, log: AttackReadingOptions, options: Options): Promise<Exit> {
  const { clock, signal, config } = session;
  const path = await realpath(file).catch(() => file);
  const checkpoint = checkpointFile(join(config.dataDir, 'logs'), path, log.windowMs);
  const notice = (message: string) => console.error(`notice: ${message}`);
  let before = await checkpoint.read();
  if (before !== undefined && 'wrong' in before) {
    notice(`${checkpoint.file} cannot be understood (${before.wrong}), so ${file} is read from its beginning`);
    before = undefined;
  }
  const reading = makeAttackReading({ ...log, before: before?.findings ?? [] });
  let told: ReadonlyMap<string, number> = new Map();
  let unwritten: LogCheckpoint | undefined;
  let written = clock.now();
  const sender = options.send ? await openSender(session, options) : undefined;
  let unsent = false;
  let sentAt = Number.NEGATIVE_INFINITY;
  const send = async (campaigns: readonly LogFindings[]) => {
    if (sender === undefined || !unsent || campaigns.length === 0) return;
    sentAt = clock.now();
    try {
      const sent = await sender.send(campaigns);
      if (options.json) session.print(JSON.stringify({ sent }));
      else for (const line of sentLines(sent).lines) session.print(line);
      unsent = false;
    } catch (error) {
      // The log is read on, and all of it is sent the next time.
      signal.throwIfAborted();
      if (exitOfError(error) === undefined) throw error;
      notice(`not sent: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const write = async () => {
    if (unwritten !== undefined) await checkpoint.write(unwritten);
    unwritten = undefined;
    written = clock.now();
  };
  try {
    for await (const { lines, position } of followLog({ path, clock, signal, from: before?.position, notice })) {
      for (const line of lines) reading.read(line);
      // The window before stays open too: what comes late belongs there.
      const newest = reading.newest();
      if (newest !== undefined) reading.forgetBefore(newest - log.windowMs);
      const campaigns = reading.findings();
      const news = renderNew(campaigns, told);
      told = news.told;
      if (news.text !== undefined) {
        const proposals = options.json ? await proposalsNow(session, campaigns, options) : [];
        session.print(options.json ? JSON.stringify({ campaigns, proposals }) : news.text);
      }
      unsent ||= news.text !== undefined;
      if (clock.now() - sentAt >= SEND_EVERY_MS) await send(campaigns);
      unwritten = { position, findings: campaigns };
      if (clock.now() - written >= CHECKPOINT_EVERY_MS) await write();
    }
  } finally {
    await write();
  }
  return EXIT.done;
}
