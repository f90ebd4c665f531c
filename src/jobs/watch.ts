import type { Job } from 'bullmq';
import { statusFamily } from '../ctim/incident.ts';
import { INCIDENT_STATUSES } from '../ctim/vocabulary.ts';
import type { Log } from '../runtime/log.ts';
import { tellIncidents } from './telling.ts';
import { deskFor, type Workplace } from './workplace.ts';

export interface WatchReport {
  /** Incidents of our organisation that nobody has taken up; null where nobody would be told, and nothing was read. */
  readonly incidents: number | null;
}

const NEW = INCIDENT_STATUSES.filter((status) => statusFamily(status) === 'New');

/** By a schedule, where there is somebody to tell: which incidents are new, whoever made them. One request for each thousand. */
export async function processWatch(work: Workplace, job: Job, log: Log, signal?: AbortSignal): Promise<WatchReport> {
  if (work.notifier === undefined) return { incidents: null };
  const { client } = deskFor(work, log, 'sync', String(job.id), signal);
  const { organisation } = await client.identity();
  const found = [];
  const query = `status:(${NEW.map((status) => JSON.stringify(status)).join(' OR ')})`;
  for await (const page of client.searchPages('incident', { query }))
    for (const incident of page) if (incident.groups.includes(organisation)) found.push(incident);
  await tellIncidents(work, found);
  return { incidents: found.length };
}
