import { createReadStream } from 'node:fs';
import type { AnyObservable } from '../ctim/bundle.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import { logLines } from '../incidents/log/log-lines.ts';
import { nameOf } from '../incidents/read/timeline.ts';
import { observablesIn } from '../incidents/verdicts/find.ts';
import { lookUp, type Opinion } from '../incidents/verdicts/look-up.ts';
import { keyOfAny } from '../incidents/write/observables.ts';
import { shown } from '../plan/shown.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { endText } from './incident-table.ts';
import { openToRead } from './intelligence.ts';
import { opinionJson } from './opinions.ts';
import type { Session } from './session.ts';
import { renderTable } from './table.ts';

/** Some forty go in one request, and the organisation has 8000 an hour. */
const LOOKED_UP_MAX = 20_000;
/** Different ones that are counted: a log of any size must not fill the memory. */
const COUNTED_MAX = 500_000;
const ROWS_MAX = 200;

interface Found {
  readonly observable: AnyObservable;
  count: number;
}

/** `inspect FILE`: the observables in a text or a log, gzip too, and what the tenant says of each. */
export async function inspect(
  session: Session,
  file: string,
  { json, judged }: { json: boolean; judged: boolean },
): Promise<Exit> {
  const { found, uncounted } = await observablesOf(file);
  const some = found.slice(0, LOOKED_UP_MAX);
  const { client } = await openToRead(session);
  const opinions = await lookUp(
    client,
    some.map(({ observable }) => observable),
  );
  const rows = some.flatMap(({ observable, count }) => {
    const opinion = opinions.get(keyOfAny(observable));
    return opinion === undefined || (judged && opinion.judgements.length === 0) ? [] : { opinion, count };
  });
  const notices = [
    ...(found.length > some.length
      ? [`${found.length} observables: looked up were the ${some.length} that stand there most often`]
      : []),
    ...(uncounted > 0 ? [`after ${COUNTED_MAX} different ones, ${uncounted} more were not counted`] : []),
  ];
  if (json) {
    const observables = rows.map(({ opinion, count }) => ({ count, ...opinionJson(opinion) }));
    session.print(JSON.stringify({ observables, notices }, null, 2));
    return EXIT.done;
  }
  const now = client.serverNow();
  // The judged ones first; of the rest what is there most often, as found.
  const sorted = [...rows].sort((a, b) => weight(a.opinion) - weight(b.opinion));
  if (sorted.length > 0)
    session.print(
      renderTable(
        HEADINGS,
        sorted.slice(0, ROWS_MAX).map(({ opinion, count }) => cells(opinion, count, now)),
      ),
    );
  if (sorted.length > ROWS_MAX)
    session.print(`and ${sorted.length - ROWS_MAX} more: --json tells all, --judged leaves out what nobody judged`);
  const silent = [...opinions.values()].filter(({ judgements }) => judgements.length === 0).length;
  session.print(`${found.length} observables, ${silent} without a judgement`);
  for (const notice of notices) session.print(notice);
  return EXIT.done;
}

const HEADINGS = ['observable', 'times', 'verdict', 'by', 'judgements'];

function cells({ observable, decides, judgements }: Opinion, count: number, now: number): string[] {
  return [
    shown(nameOf(observable), 80),
    String(count),
    decides === undefined ? (judgements.length > 0 ? 'none now' : '') : DISPOSITIONS[decides.disposition],
    decides === undefined ? '' : `${shown(decides.source, 40)}, until ${endText(decides.valid_time.end_time, now)}`,
    judgements.length > 0 ? String(judgements.length) : '',
  ];
}

/** Malicious, suspicious, everything else that has a verdict, what has only judgements that ended, what has none. */
function weight({ decides, judgements }: Opinion): number {
  if (decides !== undefined) return [2, 3].includes(decides.disposition) ? decides.disposition : 4;
  return judgements.length > 0 ? 5 : 6;
}

async function observablesOf(file: string): Promise<{ found: Found[]; uncounted: number }> {
  const found = new Map<string, Found>();
  let uncounted = 0;
  try {
    for await (const line of logLines(file === '-' ? process.stdin : createReadStream(file))) {
      for (const observable of observablesIn(line)) {
        // They are in normal form already.
        const key = nameOf(observable);
        const known = found.get(key);
        if (known !== undefined) known.count += 1;
        else if (found.size < COUNTED_MAX) found.set(key, { observable, count: 1 });
        else uncounted += 1;
      }
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new CommandRefused(EXIT.usage, `${file} cannot be read (${String(code)})`);
  }
  return { found: [...found.values()].sort((a, b) => b.count - a.count), uncounted };
}
