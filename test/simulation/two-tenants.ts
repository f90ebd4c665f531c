import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openCtia } from '../../src/ctia/client.ts';
import { type EmbeddedCtia, startEmbeddedCtia } from '../../src/embedded-ctia/server.ts';
import { openQueueEvents } from '../../src/jobs/connect.ts';
import { enqueue } from '../../src/jobs/enqueue.ts';
import { openWorkplace } from '../../src/jobs/open-workplace.ts';
import { startWorkers } from '../../src/jobs/workers.ts';
import type { Report } from '../../src/reconcile/report.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { SIGNING_KEY } from '../embedded-ctia/fixture.ts';
import { CLIENT, OWNER, type Workbench, workbench } from '../jobs/workbench.ts';
import { resultOf } from '../reconcile/tenant.ts';
import { type Auditor, makeAuditor } from './auditor.ts';
import { callerOf } from './caller.ts';
import { chanceOfStep } from './chance.ts';
import { edit, firstLists } from './edits.ts';
import { filesOf, SETTINGS } from './lists.ts';
import type { Played } from './play.ts';

const STEPS = 5;

interface TenantOfStory {
  readonly name: string;
  readonly auditor: Auditor;
  sync(): Promise<Report>;
  syncs: number;
}

/**
 * One Redis, one owner, the same lists, and two tenants: what Redis knows of one says nothing of the other. Whoever worked
 * meanwhile for the other, a tenant's own ledger is still good, and its feeds hold what is desired.
 */
export async function playTwoTenants(
  seed: number,
  steps: readonly number[] = Array.from({ length: STEPS }, (_, n) => n),
): Promise<Played> {
  const story: string[] = [];
  const undos: (() => void | Promise<void>)[] = [];
  try {
    await tell(seed, steps, story, undos);
    return { seed, steps, story, failure: undefined };
  } catch (error) {
    return { seed, steps, story, failure: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    for (const undo of undos) await undo();
  }
}

async function tell(seed: number, steps: readonly number[], story: string[], undos: (() => void | Promise<void>)[]) {
  const lists = firstLists();
  const bench = await workbench(
    { after: (undo) => undos.unshift(undo) },
    { files: { ...Object.fromEntries(filesOf(lists)), 'settings.yaml': SETTINGS } },
  );
  const other = await startEmbeddedCtia({
    dataDir: join(bench.folder, 'another-ctia'),
    port: 0,
    client: CLIENT,
    clock: systemClock,
    log: silentLog,
    signingKey: SIGNING_KEY,
  });
  bench.releases.add('another embedded server', () => other.close());
  const tenants = [await tenantAt('one', bench, bench.server), await tenantAt('another', bench, other)];
  let files = [...filesOf(lists).keys()];
  for (const n of steps) {
    const chance = chanceOfStep(seed, n);
    story.push(`step ${n}: ${edit(lists, chance, systemClock.now()).join('; ')}`);
    const now = filesOf(lists);
    for (const file of files) if (!now.has(file)) bench.remove(file);
    for (const [file, text] of now) bench.write(file, text);
    files = [...now.keys()];
    for (const tenant of n === 0 ? tenants : [chance.pick(tenants)]) {
      const began = systemClock.now();
      const report = await tenant.sync();
      tenant.syncs += 1;
      story.push(`  ${tenant.name}: ${report.result}; read from ${report.read.from}: ${report.read.why}`);
      assert.equal(resultOf(report), 'verified', `the sync of ${tenant.name}`);
      await tenant.auditor.verified(lists, began);
      await tenant.auditor.noDuplicates();
      if (tenant.syncs > 1)
        assert.equal(report.read.from, 'ledger', `${tenant.name} lost its ledger: ${report.read.why}`);
    }
  }
}

async function tenantAt(name: string, bench: Workbench, server: EmbeddedCtia): Promise<TenantOfStory> {
  const { releases, redis } = bench;
  const access = { clientId: CLIENT.id, clientPassword: CLIENT.password };
  const ctia = openCtia({ clock: systemClock, ctiaUrl: server.url, tokenUrl: server.url, ...access });
  releases.add(`connections to ${name}`, () => ctia.close());
  const work = await openWorkplace({
    clock: systemClock,
    log: silentLog,
    releases,
    connection: redis.connection,
    ctia,
    owner: OWNER,
    feedsDir: bench.feedsDir,
    ownEmbedded: false,
  });
  const workers = startWorkers(work, redis.connection);
  releases.add(`workers of ${name}`, () => workers.close());
  const events = await openQueueEvents(redis.connection, work.names.requests, releases);
  const colleague = callerOf({ url: server.url, now: systemClock.now }, 'colleague', 'local');
  return {
    name,
    auditor: makeAuditor({ colleague, now: systemClock.now }, { foreign: [], kept: [] }),
    syncs: 0,
    async sync() {
      const job = await enqueue(work.requests, 'sync', { yes: true, force: true });
      return (await job.waitUntilFinished(events)) as Report;
    },
  };
}
