import assert from 'node:assert/strict';
import type { Job } from 'bullmq';
import { build } from '../incidents/write/build.ts';
import { type Draft, draftsOf } from '../incidents/write/draft.ts';
import { importBuilt } from '../incidents/write/import.ts';
import { membersOf } from '../incidents/write/members.ts';
import type { Log } from '../runtime/log.ts';
import type { RequestPayload } from './queues.ts';
import { deskFor, type Workplace } from './workplace.ts';

/** What became of the events of one job. It stays in Redis for a while, so it holds no more than a producer needs. */
export interface SightingsReport {
  readonly created: number;
  /** Sent before: nothing was changed. */
  readonly exists: number;
  readonly refused: readonly {
    readonly index: number;
    readonly external_id: string | null;
    readonly message: string;
  }[];
}

/**
 * Events of other products, as many as a job has in one request. One that is wrong is told and keeps no other from going;
 * sent again, whole or in part, nothing is made twice: each bears an id of its producer's.
 */
export async function processSightings(
  work: Workplace,
  job: Job,
  { sightings, incident }: RequestPayload<'sightings'>,
  log: Log,
  signal?: AbortSignal,
): Promise<SightingsReport> {
  const { clock, owner } = work;
  const drafts: Draft[] = [];
  const refused: { index: number; external_id: string | null; message: string }[] = [];
  const idAt = (index: number) => sightings[index]?.external_ids[0] ?? null;
  for (const [index, sighting] of sightings.entries()) {
    const read = draftsOf('sightings', [sighting], '');
    if ('drafts' in read)
      drafts.push(...read.drafts.map((draft) => ({ ...draft, label: `${index}`, where: `${index}` })));
    else
      refused.push({
        ...{ index, external_id: idAt(index) },
        message: read.problems.map(({ where, message }) => `${where.replace('[0] ', '')}: ${message}`).join('; '),
      });
  }
  const { client, exclusively } = deskFor(work, log, 'sync', String(job.id), signal);
  await client.identity();
  const building = { owner, source: owner, tlp: 'amber', now: client.serverNow() } as const;
  const related = incident === undefined ? drafts : membersOf(incident, drafts);
  let built = build(related, building);
  if ('problems' in built) {
    const wrong = new Map(built.problems.map(({ where, message }) => [Number.parseInt(where, 10), message]));
    for (const [index, message] of wrong) refused.push({ index, external_id: idAt(index), message });
    built = build(
      related.filter(({ where }) => !wrong.has(Number.parseInt(where, 10))),
      building,
    );
  }
  assert('parts' in built, 'what is left of sound sightings is sound');
  const { results } = await importBuilt({ client, clock, owner, exclusively, signal }, built, owner);
  let [created, exists] = [0, 0];
  for (const { plural, where, result, message = '' } of results) {
    const index = Number.parseInt(where, 10);
    if (result === 'error') refused.push({ index, external_id: idAt(index), message });
    else if (plural === 'sightings' && result === 'created') created += 1;
    else if (plural === 'sightings') exists += 1;
  }
  log.info({ created, exists, refused: refused.length }, 'sightings are in');
  return { created, exists, refused: refused.sort((a, b) => a.index - b.index) };
}
