import { readIncident, readRelations } from '../incidents/read/reading.ts';
import { planRemoval, type Removable, remove } from '../incidents/write/removal.ts';
import { shown } from '../plan/shown.ts';
import { confirmed } from './confirm.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { idOf, openToWrite } from './intelligence.ts';
import type { Session } from './session.ts';

const SHOWN_MAX = 20;

/** `incident delete`: it and what hangs on it, after showing what that is. */
export async function deleteIncident(
  session: Session,
  id: string,
  { yes, force, json }: { yes: boolean; force: boolean; json: boolean },
): Promise<Exit> {
  const asked = idOf(id, ['incident']);
  const { client, owner, organisation, exclusively } = await openToWrite(session);
  const reading = await readIncident(client, asked);
  const plan = planRemoval(reading, await readRelations(client, reading), { owner, organisation, force });
  if ('refused' in plan) throw new CommandRefused(EXIT.problems, plan.refused);
  const { removes, keeps } = plan;
  const say = json ? console.error : session.print;
  say(`${reading.incident.id} "${shown(reading.incident.title ?? '', 200)}" would go, with ${countsText(removes)}`);
  for (const { id: kept, why } of keeps.slice(0, SHOWN_MAX)) say(`stays: ${kept}: ${why}`);
  if (keeps.length > SHOWN_MAX) say(`and ${keeps.length - SHOWN_MAX} more stay`);
  if (!(await confirmed(session, 'delete all that?', yes))) {
    say('nothing was deleted');
    return EXIT.held;
  }
  const { deleted, failures } = await remove({ client, exclusively }, removes);
  if (json) session.print(JSON.stringify({ deleted, keeps, failures }, null, 2));
  else session.print(`${deleted} deleted`);
  for (const { id: left, why } of failures.slice(0, SHOWN_MAX)) say(`not deleted: ${left}: ${why}`);
  return failures.length > 0 ? EXIT.failed : EXIT.done;
}

function countsText(removes: readonly Removable[]): string {
  const counts = new Map<string, number>();
  const add = (what: string, count: number) => counts.set(what, (counts.get(what) ?? 0) + count);
  for (const { plural, relationships } of removes) {
    if (plural !== 'incidents') add(plural, 1);
    if (relationships.length > 0) add('relationships', relationships.length);
  }
  return [...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing else';
}
