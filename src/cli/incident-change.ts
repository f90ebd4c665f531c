import { pluralOf } from '../ctim/bundle.ts';
import { isOwned } from '../ctim/external-id.ts';
import { MEMBER_OF, RELATED_TO } from '../ctim/incident.ts';
import { INCIDENT_STATUSES } from '../ctim/vocabulary.ts';
import { build } from '../incidents/write/build.ts';
import type { Draft } from '../incidents/write/draft.ts';
import { importBuilt } from '../incidents/write/import.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { printImport } from './import-report.ts';
import { wordOf } from './incident-list.ts';
import { idOf, openToWrite, problemsRefused } from './intelligence.ts';
import type { Session } from './session.ts';

/** `incident status ID NEW`: the times that follow from it (opened, contained, closed, …) CTIA sets. */
export async function setStatus(
  session: Session,
  id: string,
  to: string,
  { force, json }: { force: boolean; json: boolean },
): Promise<Exit> {
  const status = wordOf('the status', to, INCIDENT_STATUSES) ?? '';
  const asked = idOf(id, ['incident']);
  const { client, owner, exclusively } = await openToWrite(session);
  const before = await client.incidentById(asked);
  if (!force && !isOwned(owner, before.external_ids))
    throw new CommandRefused(
      EXIT.problems,
      `${before.id} is not ours (made by ${before.owner ?? 'somebody else'}): --force sets its status all the same`,
    );
  const after = await exclusively(() => client.setIncidentStatus(before.id, status));
  if (json) session.print(JSON.stringify({ incident: after }, null, 2));
  else session.print(`${after.id}: ${before.status} → ${after.status}`);
  return EXIT.done;
}

const CASES = { casebook: 'casebook_id', investigation: 'investigation_id' } as const;
const LINKABLE = ['sighting', 'judgement', 'indicator', 'incident', 'casebook', 'investigation'];

/** `incident link ID WHAT…`: relates what is there already to an incident; a second time it makes nothing new. */
export async function linkToIncident(
  session: Session,
  id: string,
  whats: readonly string[],
  { as, json }: { as?: string; json: boolean },
): Promise<Exit> {
  const [asked, sources] = [idOf(id, ['incident']), whats.map((what) => idOf(what, LINKABLE))];
  const { client, owner, exclusively } = await openToWrite(session);
  const incident = await client.incidentById(asked);
  const drafts: Draft[] = [];
  for (const source of sources) {
    const { id: longId } = await client.entityById(source);
    const field = CASES[source.split('/')[2] as keyof typeof CASES];
    if (field !== undefined) {
      const linked = (await client.allRelationshipsTo(incident.id)).some(({ source_ref }) => source_ref === longId);
      if (!linked)
        await exclusively(() => client.linkCase(incident.id, { [field]: longId } as { casebook_id: string }));
      if (!json) session.print(`${longId} ${linked ? 'was linked already' : 'is linked'}`);
      continue;
    }
    const type = as ?? (pluralOf(longId) === 'sightings' ? MEMBER_OF : RELATED_TO);
    const entity = { relationship_type: type, source_ref: longId, target_ref: incident.id };
    drafts.push({ plural: 'relationships', entity, where: longId });
  }
  const built = build(drafts, { owner, source: owner, tlp: 'amber', now: client.serverNow() });
  if ('problems' in built) throw problemsRefused(built.problems);
  const { clock, signal } = session;
  return printImport(session, await importBuilt({ client, clock, signal, owner, exclusively }, built, owner), json);
}
