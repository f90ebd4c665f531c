import { entryHash } from '../ctim/external-id.ts';
import { type Observable, sameObservable } from '../ctim/observable.ts';
import { makeGuards } from '../lists/guards/guards.ts';
import type { Report } from '../reconcile/report.ts';
import { originOfLine } from '../sources/blame.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { makeCopyReader } from '../sources/upstream-copies.ts';
import { collected } from '../why/at.ts';
import { historyOf } from '../why/history.ts';
import type { Why } from '../why/known.ts';
import { renderWhy } from '../why/render.ts';
import { explain } from '../why/why.ts';
import { askTenant, NOT_ASKED, openIfAny, openKept } from './ask-tenant.ts';
import { EXIT, type Exit } from './exit.ts';
import { begins, observableOf, recordsOf, saysSince } from './history.ts';
import { bringLists, type Session } from './session.ts';
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
  return known.not_asked === null ? EXIT.done : EXIT.failed;
}

/** Asked when something is wrong: whoever does not answer, CTIA or Redis, is named, and the others tell what they know. */
async function lookAt(session: Session, observable: Observable): Promise<Why> {
  const { config, clock } = session;
  const tenant = await openIfAny(session);
  const kept = await openKept(session, tenant);
  const knowledge = await session.guardKnowledge(kept.shared?.guardCopies);
  const copies = makeCopyReader(copiesOf(session, kept.shared), new Map());
  const reading = { now: clock.now(), knowledge, upstreamText: copies.text };
  const { reading: lists, revision } = await readFeeds(config.feedsDir, reading);
  const { settings, entries, problems } = lists;
  const asked = 'notAsked' in tenant ? tenant : await askTenant(session, tenant, observable, settings);
  const channels = new Map(lists.lists.map((list) => [list.name, list.channel]));
  const rows = historyOf(recordsOf(kept.journals, {}), { observable }, { channels });
  const journalBegins = await begins(kept.journals);
  const last = (await kept.shared?.latestReports(REPORTS_LOOKED_AT))?.find(({ kind }) => kind === 'sync');
  const known = explain({
    ...{ observable, now: clock.now(), ...NOT_ASKED, ...asked, journalBegins },
    lists: {
      ...{ entries, problems, revision: revision.label },
      summaries: new Map(lists.lists.map((list) => [list.name, list])),
    },
    guard: makeGuards(settings, knowledge).judge(observable)?.message,
    held: last?.held.map(({ message }) => message) ?? [],
    failures: failuresOf(last, observable, entries),
    history: await collected(rows, CHANGES_LOOKED_AT),
    notices: [...('notAsked' in asked ? [] : asked.notices), ...kept.notices, saysSince(journalBegins)],
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
