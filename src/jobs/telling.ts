import { setImmediate } from 'node:timers/promises';
import type { StoredIncident } from '../ctia/stored.ts';
import { channelOfIndicator } from '../ctim/external-id.ts';
import type { GuardListSource } from '../lists/guards/guard-settings.ts';
import type { Condition } from '../notify/condition.ts';
import { runwaysInSlices } from '../plan/runway.ts';
import { inSlices } from '../plan/slices.ts';
import type { Report } from '../reconcile/report.ts';
import { shownUrl } from '../sources/download.ts';
import { guardListTrouble } from '../sources/guard-data.ts';
import type { UpstreamList } from '../sources/upstream-lists.ts';
import {
  conditionOfIncident,
  conditionsOfDrift,
  conditionsOfRenewal,
  conditionsOfSources,
  conditionsOfSync,
} from './conditions.ts';
import type { Scope } from './notifier.ts';
import type { RenewedFirst } from './renew.ts';
import type { Workplace } from './workplace.ts';

/** Who finds something tells it here. What cannot be told is a warning in the log: it stops no job. */

/** A run that is verified has repaired what an audit found of ours. */
export async function tellSync(work: Workplace, report: Report): Promise<void> {
  await tell(work, {
    sync: () => conditionsOfSync(report),
    'job-sync': none,
    ...(report.result === 'verified' && { 'drift-ours': none }),
  });
}

export async function tellAudit(work: Workplace, { drift = [] }: Report): Promise<void> {
  await tell(work, {
    'drift-ours': () => conditionsOfDrift(drift.filter(({ whose }) => whose === 'ours')),
    'drift-foreign': () => conditionsOfDrift(drift.filter(({ whose }) => whose === 'foreign')),
    'job-audit': none,
  });
}

/** `reading`: as the renewal left it. */
export async function tellRenewal(work: Workplace, { report, renewed, reading, everyMs }: RenewedFirst): Promise<void> {
  await tell(work, {
    'job-renew': none,
    async renewal() {
      const { organisation } = await work.ctia.tokens.get();
      const { ownIndicators } = await reading.readFeedEntities({ owner: work.owner, organisation }, []);
      const channels = new Map(ownIndicators.map((it) => [it.id, channelOfIndicator(work.owner, it.externalIds)]));
      const now = Date.parse(report.endedAt);
      const asked = runwaysInSlices(renewed.actual, now, (id) => channels.get(id) ?? `indicator ${id}`);
      const runway = await inSlices(asked, setImmediate);
      return conditionsOfRenewal(report, runway, { now, everyMs });
    },
  });
}

/** `lists`: all that have an upstream, whichever was pulled. */
export async function tellSources(work: Workplace, lists: readonly UpstreamList[]): Promise<void> {
  const { lastGood } = work.upstreams;
  await tell(work, {
    async sources() {
      const sources = await Promise.all(lists.map(async (list) => ({ list, facts: await lastGood.facts(list.name) })));
      return conditionsOfSources(sources, work.clock.now());
    },
  });
}

/** Of lists that guards go by a person hears as of lists that are published. */
export async function tellGuardLists(work: Workplace, lists: readonly GuardListSource[]): Promise<void> {
  await tell(work, {
    async 'guard-lists'() {
      const found: Condition[] = [];
      for (const list of lists) {
        const trouble = await guardListTrouble(list, [work.guardCopies.shared]);
        const about = shownUrl(list.url);
        if (trouble !== undefined) found.push({ kind: 'source', about, text: `guard list ${about}: ${trouble}` });
      }
      return found;
    },
  });
}

/** Of a tenant that was there before us not all of its incidents are told at once. */
export async function tellIncidents(work: Workplace, incidents: readonly StoredIncident[]): Promise<void> {
  const found = () => incidents.map(conditionOfIncident);
  await tell(work, { incidents: found }, { quietAtFirst: true });
}

/** A job that is tried no more. What it was to look at nobody knows now. */
export async function tellFailedJob(work: Workplace, name: string, reason: string): Promise<void> {
  const condition: Condition = { kind: 'job-failed', about: name, text: `${name}: ${reason}` };
  await tell(work, { [`job-${name}`]: () => [condition] });
}

type Found = readonly Condition[] | Promise<readonly Condition[]>;

const none = (): Found => [];

async function tell(
  work: Workplace,
  scopes: { readonly [scope: string]: () => Found },
  how = { quietAtFirst: false },
): Promise<void> {
  const { notifier } = work;
  if (notifier === undefined) return;
  try {
    for (const [scope, find] of Object.entries(scopes)) await notifier.tell(scope as Scope, await find(), how);
  } catch (error) {
    work.log.warn(`nobody is told: ${error instanceof Error ? error.message : String(error)}`);
  }
}
