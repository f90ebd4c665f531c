import type { Imported, PartResult } from '../incidents/write/import.ts';
import { shown } from '../plan/shown.ts';
import { EXIT, type Exit } from './exit.ts';
import type { Session } from './session.ts';

/** A person reads what went wrong, and where to find the rest; a program reads all. */
const ERRORS_SHOWN = 20;

/** What became of each entity of an import: 1 where one was refused. */
export function printImport(session: Session, { results, requests }: Imported, json: boolean): Exit {
  const failed = results.filter(({ result }) => result === 'error');
  const exit = failed.length > 0 ? EXIT.problems : EXIT.done;
  if (json) {
    session.print(JSON.stringify({ counts: countsOf(results), requests, results }, null, 2));
    return exit;
  }
  for (const { plural, where, result, id } of results)
    if (plural === 'incidents' && result !== 'error') session.print(`${result} ${id} (${shown(where, 200)})`);
  for (const [plural, counts] of Object.entries(countsOf(results))) session.print(`${plural}: ${countsText(counts)}`);
  for (const { where, message } of failed.slice(0, ERRORS_SHOWN))
    session.print(`error ${shown(where, 200)}: ${shown(message ?? '', 300)}`);
  if (failed.length > ERRORS_SHOWN) session.print(`and ${failed.length - ERRORS_SHOWN} more errors: --json tells all`);
  for (const { where, message } of results.filter(
    ({ result, message }) => result === 'exists' && message !== undefined,
  ))
    session.print(`notice ${shown(where, 200)}: ${message}`);
  if (results.some(({ result }) => result === 'exists'))
    session.print('what exists was left as it is: an import changes nothing');
  return exit;
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
