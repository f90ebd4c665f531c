import type { Imported, PartResult } from '../incidents/write/import.ts';
import { shown } from '../plan/shown.ts';
import { EXIT, type Exit } from './exit.ts';
import type { Session } from './session.ts';

/** A person reads what went wrong, and where to find the rest; a program reads all. */
const ERRORS_SHOWN = 20;

/** What became of each entity of an import: 1 where one was refused. */
export function printImport(session: Session, imported: Imported, json: boolean): Exit {
  const { results, requests } = imported;
  if (json) session.print(JSON.stringify({ counts: countsOf(results), requests, results }, null, 2));
  else for (const line of importLines(imported)) session.print(line);
  return results.some(({ result }) => result === 'error') ? EXIT.problems : EXIT.done;
}

export function importLines({ results }: Imported): string[] {
  const failed = results.filter(({ result }) => result === 'error');
  const more = failed.length - ERRORS_SHOWN;
  return [
    ...results.flatMap(({ plural, where, result, id }) =>
      plural === 'incidents' && result !== 'error' ? [`${result} ${id} (${shown(where, 200)})`] : [],
    ),
    ...Object.entries(countsOf(results)).map(([plural, counts]) => `${plural}: ${countsText(counts)}`),
    ...failed
      .slice(0, ERRORS_SHOWN)
      .map(({ where, message }) => `error ${shown(where, 200)}: ${shown(message ?? '', 300)}`),
    ...(more > 0 ? [`and ${more} more errors: --json tells all`] : []),
    ...results.flatMap(({ where, result, message }) =>
      result === 'exists' && message !== undefined ? [`notice ${shown(where, 200)}: ${message}`] : [],
    ),
    ...(results.some(({ result }) => result === 'exists')
      ? ['what exists was left as it is: an import changes nothing']
      : []),
  ];
}

type Counts = Record<PartResult['result'], number>;

function countsOf(results: readonly PartResult[]): Record<string, Counts> {
  const counts: Record<string, Counts> = {};
  for (const { plural, result } of results) {
    counts[plural] ??= { created: 0, updated: 0, exists: 0, error: 0 };
    counts[plural][result] += 1;
  }
  return counts;
}

function countsText(counts: Counts): string {
  const said = Object.entries(counts).filter(([, count]) => count > 0);
  return said.map(([result, count]) => `${count} ${result === 'error' ? 'refused' : result}`).join(', ');
}
