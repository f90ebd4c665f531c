import { CONSUMERS } from '../ctim/consumer.ts';
import { feedKey } from '../ctim/feed.ts';
import { hasErrors, type Problem, problemLine } from '../ctim/problem.ts';
import { listJsonSchema } from '../lists/json-schema.ts';
import type { Reading } from '../lists/reading.ts';
import { type Headroom, headroomNotices, headroomOf, headroomText, listedFeeds } from '../plan/headroom.ts';
import { percent } from '../plan/limits.ts';
import { consumersOf } from '../reconcile/prepare.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { EXIT, type Exit } from './exit.ts';
import { bringLists, type Session } from './session.ts';
import { renderTable } from './table.ts';

/** `check`: the lists as a pull request brings them; no network, no secret. */
export async function check(session: Session, { json, schema }: { json: boolean; schema: boolean }): Promise<Exit> {
  if (schema) {
    session.print(JSON.stringify(listJsonSchema(), null, 2));
    return EXIT.done;
  }
  await bringLists(session);
  const { config, clock, guardKnowledge } = session;
  const { reading } = await readFeeds(config.feedsDir, { now: clock.now(), knowledge: await guardKnowledge() });
  const { consumers, said } = headroomIn(reading);
  const problems = [...reading.problems, ...said];
  const lists = reading.lists.map(
    ({ file, name, action, channel, accepted, duplicates, unsupported, invalid, by_type, upstream }) => ({
      file,
      name,
      action,
      channel,
      accepted,
      duplicates,
      unsupported,
      invalid,
      by_type,
      ...(upstream !== undefined && { upstream: true }),
    }),
  );
  if (json) {
    const rows = consumers.map(({ feed, consumer, entries, entriesMax, bytes, bytesMax, share }) => {
      const most = { entries_max: entriesMax ?? null, bytes_max: bytesMax ?? null };
      return { feed, consumer, entries, bytes: bytes ?? null, ...most, share };
    });
    session.print(JSON.stringify({ lists, consumers: rows, problems }, null, 2));
  } else {
    for (const problem of problems) session.print(problemLine(problem));
    const rows = lists.map((it) => [
      it.file,
      it.name,
      it.action,
      it.channel,
      ...[it.accepted, it.duplicates, it.unsupported, it.invalid].map(String),
    ]);
    session.print(
      renderTable(['file', 'list', 'action', 'channel', 'accepted', 'duplicate', 'unsupported', 'invalid'], rows),
    );
    if (consumers.length > 0) session.print(`\n${headroomTable(consumers)}`);
    const pulled = lists.filter(({ upstream }) => upstream).map(({ name }) => name);
    if (pulled.length > 0) session.print(`\npulled from upstreams, which check does not ask: ${pulled.join(', ')}`);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    session.print(
      `\n${errors} ${errors === 1 ? 'error' : 'errors'}, ${problems.length - errors} notices; ${reading.entries.length} entries to publish`,
    );
  }
  return hasErrors(problems) ? EXIT.problems : EXIT.done;
}

/**
 * What the lists alone would put into each feed, against who pulls it. Without a tenant nobody knows whether it was too long
 * before, so it is an error here where a plan asks a person.
 */
function headroomIn({ settings, entries, lists }: Reading): { consumers: Headroom[]; said: Problem[] } {
  const pulledBy = consumersOf([...settings.channels.values()]);
  const feeds = listedFeeds(entries, pulledBy);
  const consumers = headroomOf(feeds, pulledBy);
  const over = consumers.filter(({ share }) => share > 1);
  const fits = consumers.filter(({ share }) => share <= 1);
  const place = ({ feed }: Pick<Headroom, 'feed'>) => {
    const mostOf = feeds.find((it) => feedKey(it.feed) === feedKey(feed))?.mostOf;
    return { file: lists.find(({ name }) => name === mostOf)?.file ?? 'settings.yaml', line: 1, column: 1 };
  };
  const errors = over.map((row): Problem => {
    const message = `${headroomText(row)}: ${CONSUMERS[row.consumer].over}. Shorten the lists, or publish some in another channel`;
    return { severity: 'error', code: 'over-consumer', message, ...place(row) };
  });
  const notices = feeds.flatMap((feed) =>
    headroomNotices(
      fits.filter((row) => feedKey(row.feed) === feedKey(feed.feed)),
      [feed],
      pulledBy,
    ).map((message): Problem => ({ severity: 'notice', code: 'headroom', message, ...place(feed) })),
  );
  return { consumers, said: [...errors, ...notices] };
}

function headroomTable(rows: readonly Headroom[]): string {
  const cells = rows.map(({ feed, consumer, entries, entriesMax, bytes, bytesMax, share }) => [
    ...[feedKey(feed), consumer, String(entries), String(entriesMax ?? '–')],
    ...[String(bytes ?? '–'), String(bytesMax ?? '–'), percent(share)],
  ]);
  return renderTable(['feed', 'pulled by', 'entries', 'of', 'bytes', 'of', 'used'], cells);
}
