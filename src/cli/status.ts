import { channelOfIndicator } from '../ctim/external-id.ts';
import { feedKey } from '../ctim/feed.ts';
import { readWill } from '../jobs/desired.ts';
import type { RenewalReport } from '../jobs/renew.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { type Drift, driftLine } from '../plan/drift.ts';
import { headroomOf, heldSizes } from '../plan/headroom.ts';
import { holdsAmong, whatWasDone } from '../plan/hold.ts';
import { percent } from '../plan/limits.ts';
import { type Ending, type Runway, runways } from '../plan/runway.ts';
import { readActual, readOwnIndicators, stateOf } from '../reconcile/actual.ts';
import { FeedOnOtherIndicator, findFeeds } from '../reconcile/feeds.ts';
import { consumersOf } from '../reconcile/prepare.ts';
import { doneLine, type Report } from '../reconcile/report.ts';
import { upstreamNotices } from '../sources/upstream-copies.ts';
import { ago } from '../sources/upstream-health.ts';
import { readUpstreamLists } from '../sources/upstream-lists.ts';
import { EXIT, type Exit } from './exit.ts';
import { openTenant, type Session, type Tenant } from './session.ts';
import { type DriftFound, heldSince, lastDrift, verifiedAt } from './status-history.ts';
import { askingClient } from './tenant-client.ts';
import { copiesOf } from './upstreams.ts';

const REPORTS_LOOKED_AT = 200;

/**
 * `status`: is anything held, proved, or about to lapse. It is asked when something is wrong, so it needs no list that
 * parses and no Redis: what Redis does not know is read from CTIA.
 */
export async function status(session: Session, options: { json: boolean }): Promise<Exit> {
  const { clock, config } = session;
  const tenant = await openTenant(session);
  const { ctia, owner, ownEmbedded } = tenant;
  const client = askingClient(session, tenant);
  const self = { owner, organisation: (await client.identity()).organisation };
  const now = client.serverNow();
  const { desired } = await readWill({ feedsDir: config.feedsDir, ownEmbedded, adhocAllow: [], now });
  const own = await readOwnIndicators(client, self);
  const state = stateOf(owner, own);
  const channels = new Map(own.map((it) => [it.id, channelOfIndicator(owner, it.externalIds)]));
  const notices: string[] = [];
  const indicators = new Map<string, string | undefined>();
  try {
    const found = await findFeeds(client, self, desired.channels, now);
    for (const feed of found.feeds) {
      indicators.set(feedKey(feed), feed.indicatorId);
      if (feed.indicatorId) channels.set(feed.indicatorId, feed.channel);
    }
    notices.push(...found.notices);
  } catch (error) {
    if (!(error instanceof FeedOnOtherIndicator)) throw error;
    notices.push(error.message);
  }
  const actual = await readActual(client, self);
  const headroom = headroomOf(heldSizes({ actual, indicators, now }), consumersOf(desired.channels));
  const runway = runways(actual, now, (id) => channels.get(id) ?? `indicator ${id}`);
  const shared = await shareWithWorkers({ ...config, ...session, ...tenant });
  const { lists } = await readUpstreamLists(config.feedsDir, tenant);
  notices.push(...(await upstreamNotices(lists, copiesOf(session, shared), clock.now())));
  const reports = (await shared?.latestReports(REPORTS_LOOKED_AT)) ?? [];
  const renewal = await shared?.latestRenewal();
  const last = reports.find(({ kind }) => kind === 'sync');
  const facts = {
    owner,
    tenant: `${ctia.ctiaUrl} (${self.organisation})`,
    applied: state ? { revision: state.revision, at: state.writtenAt, repository: state.repository ?? null } : null,
    lists: desired.revision,
    // A run that had nothing to change leaves the applied revision as it is.
    lists_applied:
      state?.revision === desired.revision || (last?.result === 'verified' && last.revision === desired.revision),
    last_run: last ? { run: last.run, result: last.result, ended_at: last.endedAt, changes: doneLine(last) } : null,
    verified_at: reports.find(({ kind, result }) => kind === 'sync' && result === 'verified')?.endedAt ?? null,
    on_hold: holdsAmong(owner, own).map(({ id: _, ...hold }) => ({ reason: null, ...hold })),
    held: last?.held ?? [],
    held_since: heldSince(reports),
    last_renewal: renewal ? factsOf(renewal) : null,
    runway: Object.fromEntries([...runway].sort().map(([channel, it]) => [channel, runwayFacts(it)])),
    consumers: headroom.map(({ feed, consumer, entries, entriesMax, share }) => {
      return { feed: feedKey(feed), consumer, entries, entries_max: entriesMax ?? null, share };
    }),
    verified: verifiedAt(reports),
    drift: lastDrift(reports),
    requests_left: (await shared?.requestsLeft()) ?? null,
    notices,
  };
  session.print(options.json ? JSON.stringify(facts, null, 2) : renderStatus(facts, now));
  return EXIT.done;
}

function factsOf({ result, endedAt, renewed, live, failures }: RenewalReport) {
  return { result, at: endedAt, renewed, live, failures: failures.map(({ message }) => message) };
}

function runwayFacts({ live, lapses, ends }: Runway) {
  const said = (ending: Ending | undefined) =>
    ending === undefined ? null : { at: new Date(ending.at).toISOString(), value: ending.value };
  return { live, lapses: said(lapses), ends: said(ends) };
}

interface Facts {
  owner: string;
  tenant: string;
  applied: { revision: string; at: string; repository: string | null } | null;
  lists: string;
  lists_applied: boolean;
  last_run: { run: string; result: string; ended_at: string; changes: string } | null;
  verified_at: string | null;
  on_hold: readonly { channel: string; to: string; since: string; reason: string | null }[];
  held: readonly { message: string }[];
  held_since: string | null;
  last_renewal: ReturnType<typeof factsOf> | null;
  runway: Record<string, ReturnType<typeof runwayFacts>>;
  consumers: { feed: string; consumer: string; entries: number; entries_max: number | null; share: number }[];
  verified: Record<string, string>;
  drift: DriftFound | null;
  requests_left: number | null;
  notices: readonly string[];
}

/** Moments as they were noted, for who compares them with logs, and how far off, for who is paged at night. */
function renderStatus(facts: Facts, now: number): string {
  const { applied, last_run: last, last_renewal: renewal, drift, requests_left: left } = facts;
  return [
    `owner     ${facts.owner} at ${facts.tenant}`,
    `applied   ${applied ? `${applied.revision}, written ${applied.at}` : 'nothing yet'}`,
    `lists     ${facts.lists}${facts.lists_applied ? '' : ' (not applied yet)'}`,
    `last run  ${last ? `${last.result} at ${last.ended_at}, ${last.changes}` : 'none that this Redis knows of'}`,
    `verified  ${facts.verified_at ? past(facts.verified_at, now) : 'by no run that this Redis knows of'}`,
    ...facts.on_hold.map((hold) => `on hold   ${holdLine(hold)}`),
    ...facts.held.map(
      ({ message }) => `held      since ${facts.held_since && past(facts.held_since, now)}: ${message}`,
    ),
    `renewed   ${renewal ? `at ${past(renewal.at, now)}: ${renewedLine(renewal)}` : 'by no worker that this Redis knows of'}`,
    ...(renewal?.failures ?? []).map((message) => `failed    ${message}`),
    ...Object.entries(facts.runway).map(([channel, it]) => `runway    ${channel}: ${runwayLine(it, now)}`),
    ...facts.consumers.map((it) => `headroom  ${it.consumer}: ${it.feed} uses ${percent(it.share)}`),
    ...Object.entries(facts.verified).map(
      ([channel, at]) => `proved    ${channel}: each of its feeds at ${past(at, now)} or later`,
    ),
    ...driftLines(drift),
    ...(left === null ? [] : [`budget    ${left} requests left in this hour`]),
    ...facts.notices.map((notice) => `notice    ${notice}`),
  ].join('\n');
}

function holdLine({ channel, to, since, reason }: Facts['on_hold'][number]): string {
  return `${channel} since ${since}: ${whatWasDone(to)}${reason === null ? '' : ` (${reason})`}`;
}

function driftLines(drift: DriftFound | null): string[] {
  if (drift === null) return ['drift     no audit that this Redis knows of'];
  const { at, found, repaired_at: repairedAt } = drift;
  if (found.length === 0) return [`drift     none, audited ${at}`];
  const state = (whose: Drift['whose']) => {
    if (whose === 'foreign') return 'somebody else must act';
    return repairedAt === null ? 'not repaired yet' : `repaired, verified ${repairedAt}`;
  };
  return found.map((it) => `drift     ${driftLine(it).replace(/^drift: /, '')}; audited ${at}; ${state(it.whose)}`);
}

function past(at: string, now: number): string {
  return `${at} (${ago(now - Date.parse(at))} ago)`;
}

function renewedLine({ result, renewed, live }: NonNullable<Facts['last_renewal']>): string {
  if (result !== 'renewed') return `${renewed} of ${live} live, ${result}`;
  return renewed === 0 ? `none of ${live} live was due` : `${renewed} of ${live} live`;
}

function runwayLine({ live, lapses, ends }: Facts['runway'][string], now: number): string {
  const coming = ({ at, value }: { at: string; value: string }) => `${at}, in ${ago(Date.parse(at) - now)} (${value})`;
  return [
    `${live} live`,
    ...(lapses ? [`without workers the first lapses ${coming(lapses)}`] : []),
    ...(ends ? [`the first that is not renewed ends ${coming(ends)}`] : []),
  ].join('; ');
}

/** The last sync that workers or `apply` reported, as far as a Redis that runs now knows it. */
export async function lastSync(session: Session, tenant: Tenant): Promise<Report | undefined> {
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant });
  return (await shared?.latestReports(20))?.find(({ kind }) => kind === 'sync');
}
