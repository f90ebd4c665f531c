import { type CtiaClient, makeCtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import { entryHash } from '../ctim/external-id.ts';
import { feedKey } from '../ctim/feed.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import { type Observable, type ObservableType, sameObservable } from '../ctim/observable.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { makeGuards } from '../lists/guards/guards.ts';
import type { Report } from '../reconcile/report.ts';
import { MINUTE } from '../runtime/clock.ts';
import { originOfLine } from '../sources/blame.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { makeCopyReader } from '../sources/upstream-copies.ts';
import { collected } from '../why/at.ts';
import { historyOf } from '../why/history.ts';
import { judgementsOn, type KnownFeed } from '../why/judgements.ts';
import type { Why } from '../why/known.ts';
import { renderWhy } from '../why/render.ts';
import { explain } from '../why/why.ts';
import { EXIT, type Exit } from './exit.ts';
import { begins, journalsOf, observableOf, recordsOf, saysSince } from './history.ts';
import { knownFeeds } from './known-feeds.ts';
import { bringLists, openTenant, type Session } from './session.ts';
import { copiesOf } from './upstreams.ts';

const REPORTS_LOOKED_AT = 20;
/** Renewals come twice a week: some months of one value. */
const CHANGES_LOOKED_AT = 50;

/** `why`: what is known of one value. Reads lists, tenant, journal and git; changes nothing. */
export async function why(session: Session, value: string, { json }: { json: boolean }): Promise<Exit> {
  const observable = observableOf(value);
  await bringLists(session);
  const known = await lookAt(session, observable);
  session.print(json ? JSON.stringify(known, null, 2) : renderWhy(known));
  return EXIT.done;
}

async function lookAt(session: Session, observable: Observable): Promise<Why> {
  const { config, clock, signal } = session;
  const tenant = await openTenant(session);
  const { ctia, owner } = tenant;
  const client = makeCtiaClient({ connection: ctia, clock, patienceMs: MINUTE, signal });
  const self = { owner, organisation: (await client.identity()).organisation };
  const now = client.serverNow();
  const shared = await shareWithWorkers({ ...config, ...session, ...tenant });
  const knowledge = await session.guardKnowledge(shared?.guardCopies);
  const copies = makeCopyReader(copiesOf(session, shared), new Map());
  const { reading, revision } = await readFeeds(config.feedsDir, { now, knowledge, upstreamText: copies.text });
  const { settings } = reading;
  const { feeds, state, notices } = await knownFeeds(client, self, [...settings.channels.values()]);
  const { judgements, foreignLeftOut } = await judgementsOn(client, self, observable, feeds);
  const views = await viewsFor(client, observable, feeds);
  const verdict = await client.verdictOn(observable);
  const journals = await journalsOf(session, ctia, owner, shared?.journal);
  const channels = new Map(reading.lists.map((list) => [list.name, list.channel]));
  const rows = historyOf(recordsOf(journals, {}), { observable }, { channels });
  const last = (await shared?.latestReports(REPORTS_LOOKED_AT))?.find(({ kind }) => kind === 'sync');
  const known = explain({
    ...{ observable, now, feeds, judgements, views: views.values },
    lists: {
      entries: reading.entries,
      problems: reading.problems,
      summaries: new Map(reading.lists.map((list) => [list.name, list])),
      revision: revision.label,
    },
    guard: makeGuards(settings, knowledge).judge(observable)?.message,
    verdict: verdict && { disposition: DISPOSITIONS[verdict.disposition], judgement: verdict.judgement_id },
    applied: state && { revision: state.revision, at: state.writtenAt },
    held: last?.held.map(({ message }) => message) ?? [],
    failures: failuresOf(last, observable, reading.entries),
    history: await collected(rows, CHANGES_LOOKED_AT),
    notices: [
      ...notices,
      ...views.notices,
      ...(foreignLeftOut > 0 ? [`${foreignLeftOut} more judgements of others are not shown`] : []),
      saysSince(await begins(journals)),
    ],
  });
  return withOrigins(known, config.feedsDir);
}

function failuresOf(
  last: Report | undefined,
  observable: Observable,
  entries: readonly { observable: Observable; list: string; channel: string }[],
): string[] {
  if (last === undefined) return [];
  const its = entries.filter((entry) => sameObservable(entry.observable, observable));
  const hashes = new Set(its.map(({ channel, list }) => entryHash(channel, list, observable)));
  return last.failures
    .filter(({ h }) => hashes.has(h))
    .map(({ message }) => `the last run could not make it: ${message}`);
}

/** In which feeds something may stand that contains it. */
const WIDER_IN: Partial<Record<ObservableType, readonly ObservableType[]>> = {
  ip: ['ip'],
  ipv6: ['ipv6'],
  domain: ['domain'],
  url: ['domain', 'ip', 'ipv6'],
};

/** A view needs no token and takes nothing from the quota. */
async function viewsFor(client: CtiaClient, { type: asked }: Observable, feeds: readonly KnownFeed[]) {
  const values = new Map<string, Observable[]>();
  const notices: string[] = [];
  for (const feed of feeds) {
    const { type, viewUrl } = feed;
    if (viewUrl === undefined || !(WIDER_IN[asked] ?? []).includes(type)) continue;
    try {
      values.set(
        feedKey(feed),
        (await client.view(viewUrl)).map((value) => ({ type, value })),
      );
    } catch (error) {
      if (!isCtiaError(error)) throw error;
      notices.push(
        `the view of ${feedKey(feed)} cannot be read, so that what contains this value there is not known: ${error.message}`,
      );
    }
  }
  return { values, notices };
}

/** Of each line of a list as it lies; of what no list has any more, as it was in the commit that it was made for. */
async function withOrigins(known: Why, feedsDir: string): Promise<Why> {
  const notices = [...known.notices];
  const originOf = async (line: Parameters<typeof originOfLine>[1]) => {
    // What was pulled is in no commit.
    if (line.file.startsWith('upstream ')) return undefined;
    const origin = await originOfLine(feedsDir, line);
    if (origin === 'not-committed') notices.push(`${line.file}:${line.line} is not committed yet`);
    return typeof origin === 'object' && { origin };
  };
  const listed = [];
  for (const line of known.listed) listed.push({ ...line, ...(await originOf(line)) });
  const in_feeds = [];
  for (const it of known.in_feeds) {
    const [, file, line] = /^(.+):(\d+)$/.exec(it.place ?? '') ?? [];
    const [commit] = /^[0-9a-f]{40,64}/.exec(it.revision ?? '') ?? [];
    const isListed = known.listed.some(({ list }) => list === it.list);
    const origin = !isListed && file && commit ? await originOf({ file, line: Number(line), commit }) : undefined;
    in_feeds.push({ ...it, ...origin });
  }
  return { ...known, listed, in_feeds, notices };
}
