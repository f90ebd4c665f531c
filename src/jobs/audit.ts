import type { Job } from 'bullmq';
import { feedKeyOfIds } from '../ctim/external-id.ts';
import type { Before } from '../plan/drift.ts';
import { NO_APPROVAL } from '../plan/safety.ts';
import type { Report } from '../reconcile/report.ts';
import { audit } from '../reconcile/run.ts';
import type { Log } from '../runtime/log.ts';
import { readSoundSettings } from '../sources/feeds-folder.ts';
import { DelayedError } from './bullmq.ts';
import { enqueue } from './enqueue.ts';
import { noteReport } from './history.ts';
import { KEEP_MS } from './journal.ts';
import { leaveSlot, OTHER_RUN_WAIT_MS, takeSlot } from './run-slot.ts';
import { tellAudit } from './telling.ts';
import { readTenant } from './tenant-reading.ts';
import { deskFor, readDesiredHere, type Workplace } from './workplace.ts';

/**
 * Reads CTIA in full, whatever the ledger says, writes the ledger anew, and tells what drifted since. It changes nothing in
 * CTIA itself: where something of ours drifted it asks for a sync, which finds the truth in the ledger by then. While a
 * sync has batches under way half of what it wants would look like drift, so an audit waits for it, and the next one for the audit.
 */
export async function processAudit(
  work: Workplace,
  job: Job,
  token: string,
  log: Log,
  signal?: AbortSignal,
): Promise<Report> {
  const jobId = String(job.id);
  if (!(await takeSlot(work.redis, work.keys.run, work.requests, jobId))) {
    await job.moveToDelayed(work.clock.now() + OTHER_RUN_WAIT_MS, token);
    throw new DelayedError();
  }
  const report = await auditTenant(work, jobId, log, signal);
  await work.rights.forget();
  await leaveSlot(work.redis, work.keys.run, jobId);
  const repaired = await askForRepair(work, report);
  await noteReport(work.redis, work.keys.history, repaired);
  await tellAudit(work, repaired);
  return repaired;
}

async function auditTenant(work: Workplace, run: string, log: Log, signal?: AbortSignal): Promise<Report> {
  const desk = deskFor(work, log, 'sync', run, signal);
  const { client } = desk;
  const { clock, owner, ownEmbedded } = work;
  const { historyKeepMs = KEEP_MS } = (await readSoundSettings(work.feedsDir)) ?? {};
  await work.journal.forget(client.serverNow() - historyKeepMs);
  const reading = readTenant(work, desk, 'an audit');
  let before: Before['ledger'];
  return audit({
    run,
    client,
    clock,
    owner,
    ownEmbedded,
    signal,
    approval: { ...NO_APPROVAL, yes: true, force: true },
    readDesired: (adhocAllow) => readDesiredHere(work, client, adhocAllow),
    ledgerBefore: () => before,
    tenantReader: {
      async readActual(self) {
        before = await ledgerNow(work);
        return reading.readActual(self);
      },
      async readFeedEntities(self, channels) {
        const entities = await reading.readFeedEntities(self, channels);
        if (await reading.keep()) return entities;
        await work.ledger.store.doubt('an audit could not write it anew, since others wrote');
        // What they wrote would look like drift.
        before = undefined;
        return entities;
      },
    },
  });
}

async function ledgerNow({ ledger: { store, mirror }, owner }: Workplace): Promise<Before['ledger']> {
  const facts = await store.facts();
  if ('unusable' in facts) return undefined;
  const actual = await mirror.catchUp(facts);
  const feeds = (facts.entities?.ownFeeds ?? []).flatMap((feed) => feedKeyOfIds(owner, feed.externalIds) ?? []);
  return actual && { actual, feeds: new Set(feeds) };
}

/** An ordinary sync of the lists as they are: what it may not do unasked it does not do here either. */
async function askForRepair({ requests, log }: Workplace, report: Report): Promise<Report> {
  if (!report.drift?.some(({ whose }) => whose === 'ours')) return report;
  const { id } = await enqueue(requests, 'sync', {}, 'sync-of-audit');
  log.warn(
    { sync: id, drift: report.drift.map(({ kind, feed, count }) => ({ kind, feed, count })) },
    'drift was found',
  );
  return { ...report, notices: [...report.notices, `sync ${id} was asked for to repair what is ours`] };
}
