import { feedKey } from '../ctim/feed.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { isLive } from '../plan/actual.ts';
import { feedOf } from '../plan/changes.ts';
import { readActual } from '../reconcile/actual.ts';
import { countsLine, type Report } from '../reconcile/report.ts';
import { EXIT, type Exit } from './exit.ts';
import { openTenant, type Session, type Tenant } from './session.ts';
import { viewTenant } from './tenant-view.ts';

/** `status`: is anything held, proved, or about to lapse. What Redis does not know is read from CTIA. */
export async function status(session: Session, options: { json: boolean }): Promise<Exit> {
  const tenant = await openTenant(session);
  const { ctia, owner } = tenant;
  const { client, self, desired, found } = await viewTenant(session, tenant);
  const actual = await readActual(client, self);
  const now = client.serverNow();
  const indicators = new Map(found.feeds.map((feed) => [feedKey(feed), feed.indicatorId]));
  const lapses = new Map<string, { at: number; value: string; once: boolean; entries: number }>();
  for (const judgement of [...actual.judgements.values()].flat()) {
    const feed = isLive(judgement, now) ? feedOf(judgement, indicators) : undefined;
    if (!feed) continue;
    const known = lapses.get(feed.channel);
    const first =
      !known || judgement.end < known.at
        ? { at: judgement.end, value: judgement.observable.value, once: judgement.once }
        : known;
    lapses.set(feed.channel, { ...first, entries: (known?.entries ?? 0) + 1 });
  }
  const last = await lastSync(session, tenant);
  const facts = {
    owner,
    tenant: `${ctia.ctiaUrl} (${self.organisation})`,
    applied: found.state
      ? { revision: found.state.revision, at: found.state.writtenAt, repository: found.state.repository ?? null }
      : null,
    lists: desired.revision,
    // A run that had nothing to change leaves the applied revision as it is.
    lists_applied:
      found.state?.revision === desired.revision || (last?.result === 'verified' && last.revision === desired.revision),
    last_run: last
      ? { run: last.run, result: last.result, ended_at: last.endedAt, changes: countsLine(last.counts) }
      : null,
    verified_at: last?.result === 'verified' ? last.endedAt : null,
    held: last?.held ?? [],
    first_lapse: Object.fromEntries(
      [...lapses].map(([channel, it]) => [channel, { ...it, at: new Date(it.at).toISOString() }]),
    ),
    notices: found.notices,
  };
  session.print(options.json ? JSON.stringify(facts, null, 2) : renderStatus(facts));
  return EXIT.done;
}

interface Facts {
  owner: string;
  tenant: string;
  applied: { revision: string; at: string; repository: string | null } | null;
  lists: string;
  lists_applied: boolean;
  last_run: { run: string; result: string; ended_at: string; changes: string } | null;
  verified_at: string | null;
  held: readonly { message: string }[];
  first_lapse: Record<string, { at: string; value: string; once: boolean; entries: number }>;
  notices: readonly string[];
}

function renderStatus(facts: Facts): string {
  const { applied, last_run: last } = facts;
  return [
    `owner     ${facts.owner} at ${facts.tenant}`,
    `applied   ${applied ? `${applied.revision}, written ${applied.at}` : 'nothing yet'}`,
    `lists     ${facts.lists}${facts.lists_applied ? '' : ' (not applied yet)'}`,
    `last run  ${last ? `${last.result} at ${last.ended_at}, ${last.changes}` : 'none that this Redis knows of'}`,
    `verified  ${facts.verified_at ?? 'not by the last run'}`,
    ...facts.held.map(({ message }) => `held      ${message}`),
    ...Object.entries(facts.first_lapse).map(
      ([channel, it]) =>
        `lapses    ${channel}: ${it.entries} live, the first ends ${it.at} (${it.value}${it.once ? ', once' : ', renewed before'})`,
    ),
    ...facts.notices.map((notice) => `notice    ${notice}`),
  ].join('\n');
}

/** The last sync that workers or `apply` reported, as far as a Redis that runs now knows it. */
export async function lastSync(session: Session, tenant: Tenant): Promise<Report | undefined> {
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant });
  return (await shared?.latestReports(20))?.find(({ kind }) => kind === 'sync');
}
