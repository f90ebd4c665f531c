import type { CtiaClient } from '../ctia/client.ts';
import { renderGraph } from '../incidents/read/graph.ts';
import { type IncidentReading, readIncident, readRelations } from '../incidents/read/reading.ts';
import { seenIn } from '../incidents/read/timeline.ts';
import { lookUp } from '../incidents/verdicts/look-up.ts';
import { bundleOfCopy, copyOf } from '../incidents/write/copy.ts';
import { EXIT, type Exit } from './exit.ts';
import type { ShownAs } from './incident-forms.ts';
import { incidentMarkdown } from './incident-markdown.ts';
import { incidentTable } from './incident-table.ts';
import { idOf, openToRead } from './intelligence.ts';
import type { Session } from './session.ts';

/** `incident show`: it and all that is related to it, with verdicts. */
export async function showIncident(session: Session, id: string, as: ShownAs): Promise<Exit> {
  const asked = idOf(id, ['incident']);
  const { client } = await openToRead(session);
  session.print(await VIEWS[as](client, await readIncident(client, asked)));
  return EXIT.done;
}

const VIEWS: Readonly<Record<ShownAs, (client: CtiaClient, reading: IncidentReading) => Promise<string>>> = {
  table: async (client, reading) => incidentTable(reading, await opinionsIn(client, reading), client.serverNow()),
  markdown: async (client, reading) => incidentMarkdown(reading, await opinionsIn(client, reading), client.serverNow()),
  async json(client, reading) {
    const relations = await readRelations(client, reading);
    const { incident, relationships, sightings, others, cases, gone, unreadable } = reading;
    const verdicts = [...(await opinionsIn(client, reading)).values()].map(({ observable, decides }) => ({
      observable,
      verdict: decides && { disposition: decides.disposition, judgement_id: decides.id, source: decides.source },
    }));
    const all = { incident, sightings, ...Object.fromEntries(others), relationships: [...relationships, ...relations] };
    return JSON.stringify({ ...all, verdicts, cases, gone, unreadable }, null, 2);
  },
  mermaid: async (client, reading) => renderGraph(reading, await opinionsIn(client, reading), 'mermaid'),
  dot: async (client, reading) => renderGraph(reading, await opinionsIn(client, reading), 'dot'),
  async bundle(client, reading) {
    const copy = await copyOf(client, reading, await readRelations(client, reading));
    for (const { id, why } of copy.leftOut) console.error(`left out: ${id}: ${why}`);
    return JSON.stringify(bundleOfCopy(copy), null, 2);
  },
};

function opinionsIn(client: CtiaClient, { sightings }: IncidentReading) {
  return lookUp(client, sightings.flatMap(seenIn));
}
