import { join } from 'node:path';
import { hasManagedRedis } from '../jobs/managed-redis.ts';
import { type Shared, shareWithWorkers } from '../jobs/share.ts';
import { makeDownloader } from '../sources/download.ts';
import { type LastGood, makeLastGood, type SourceFacts } from '../sources/last-good.ts';
import { makeTextFolder } from '../sources/text-folder.ts';
import { ago, healthOf } from '../sources/upstream-health.ts';
import { readUpstreamLists, type UpstreamList } from '../sources/upstream-lists.ts';
import { acceptQuarantined } from '../sources/upstream-pull.ts';
import { pullLine, pullUpstreams } from '../sources/upstream-pulls.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { bringLists, openTenant, type Session, type Tenant } from './session.ts';
import { renderTable } from './table.ts';

/** `upstreams`: how each remote list fares. */
export async function upstreams(session: Session, { json }: { json: boolean }): Promise<Exit> {
  const { lists, lastGood } = await open(session);
  const now = session.clock.now();
  const rows = await Promise.all(lists.map(async (list) => factsFor(list, await lastGood.facts(list.name), now)));
  if (json) session.print(JSON.stringify(rows, null, 2));
  else session.print(rows.length === 0 ? 'No list here has an upstream.' : render(rows, now));
  return EXIT.done;
}

/** `upstreams accept`: what was not believed is right after all. */
export async function accept(session: Session, name: string): Promise<Exit> {
  const { lists, lastGood } = await open(session);
  const list = named(lists, name);
  const accepted = await acceptQuarantined(list, { lastGood, clock: session.clock });
  if ('refused' in accepted) throw new CommandRefused(EXIT.failed, `${name}: ${accepted.refused}`);
  const { entries, churn } = accepted;
  const moved = churn ? ` (${churn.added} new, ${churn.removed} gone)` : '';
  session.print(`${name} has ${entries} entries now${moved}; the next sync publishes them (enqueue sync, or apply)`);
  return EXIT.done;
}

/** `upstreams show`: what came, to be looked at. */
export async function show(session: Session, name: string): Promise<Exit> {
  const { lists, lastGood } = await open(session);
  const [newest] = (await lastGood.facts(named(lists, name).name)).quarantined;
  const text = newest && (await lastGood.quarantinedText(name, newest.digest));
  if (text === undefined) throw new CommandRefused(EXIT.failed, `${name}: nothing of it is in quarantine`);
  session.print(text.trimEnd());
  return EXIT.done;
}

/** Before a plan in this process: what is due is pulled here, where no worker may be doing it. */
export async function pullDue(
  session: Session,
  tenant: Tenant,
  share: () => Promise<Shared | undefined>,
): Promise<LastGood | undefined> {
  const { config, clock, signal } = session;
  const { lists: all } = await readUpstreamLists(config.feedsDir, tenant);
  if (all.length === 0) return undefined;
  const lastGood = copiesOf(session, await share());
  const download = makeDownloader({ clock, privateHosts: config.upstreamPrivateHosts });
  const pulls = await pullUpstreams(all, { clock, signal, download, lastGood, all }, { byHand: false });
  for (const pull of pulls) if (pull.did === 'kept') console.error(pullLine(pull));
  return lastGood;
}

/** Those of the workers, where there are any; otherwise this machine's own. */
export function copiesOf(session: Session, shared: Shared | undefined): LastGood {
  return shared?.lastGood ?? makeLastGood(makeTextFolder(join(session.config.dataDir, 'upstreams')));
}

async function open(session: Session): Promise<{ lists: readonly UpstreamList[]; lastGood: LastGood }> {
  await bringLists(session);
  const { feedsDir, tenant, redisUrl, dataDir } = session.config;
  const { lists, isWhole } = await readUpstreamLists(feedsDir, { ownEmbedded: tenant.kind === 'embedded' });
  if (!isWhole) session.log.warn('a list with an upstream cannot be read, and is not shown: check says why');
  // Copies that nobody shares are of no tenant.
  const isShared = redisUrl !== undefined || hasManagedRedis(dataDir);
  const shared = isShared
    ? await shareWithWorkers({ ...session.config, ...session, ...(await openTenant(session)) })
    : undefined;
  return { lists, lastGood: copiesOf(session, shared) };
}

function named(lists: readonly UpstreamList[], name: string): UpstreamList {
  const list = lists.find((it) => it.name === name);
  if (list !== undefined) return list;
  const known = lists.map((it) => it.name).join(', ') || 'none';
  throw new CommandRefused(EXIT.usage, `there is no list ${JSON.stringify(name)} with an upstream (known: ${known})`);
}

type Row = ReturnType<typeof factsFor>;

function factsFor({ name, upstream }: UpstreamList, facts: SourceFacts, now: number) {
  const { copy, failures, error, quarantined, nextPullAt } = facts;
  const iso = (at: number) => new Date(at).toISOString();
  return {
    list: name,
    health: healthOf(facts, upstream, now),
    fetched_at: copy ? iso(copy.fetchedAt) : null,
    changed_at: copy ? iso(copy.changedAt) : null,
    entries: copy?.counts.taken ?? null,
    lines: copy?.counts ?? null,
    bytes: copy?.bytes ?? null,
    churn: copy?.churn ?? null,
    failures,
    error: failures > 0 && error ? { ...error, at: iso(error.at) } : null,
    quarantined: quarantined.map(({ at, kind, message, bytes }) => ({ at: iso(at), kind, message, bytes })),
    next_pull_at: nextPullAt === 0 ? null : iso(nextPullAt),
  };
}

function render(rows: readonly Row[], now: number): string {
  const age = (iso: string | null) => (iso === null ? '–' : ago(now - Date.parse(iso)));
  const table = renderTable(
    ['list', 'health', 'entries', 'pulled', 'changed', 'new / gone', 'quarantined', 'next pull'],
    rows.map((row) => [
      row.list,
      row.health,
      String(row.entries ?? '–'),
      age(row.fetched_at),
      age(row.changed_at),
      row.churn ? `${row.churn.added} / ${row.churn.removed}` : '–',
      String(row.quarantined.length),
      row.next_pull_at === null ? 'at once' : `in ${ago(Date.parse(row.next_pull_at) - now)}`,
    ]),
  );
  const errors = rows.flatMap(({ list, error }) =>
    error === null ? [] : [`${list}: ${error.kind}: ${error.message} (${error.at})`],
  );
  return [table, ...(errors.length > 0 ? ['', ...errors] : [])].join('\n');
}
