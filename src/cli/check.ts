import { hasErrors, problemLine } from '../ctim/problem.ts';
import { listJsonSchema } from '../lists/json-schema.ts';
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
  const { problems } = reading;
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
    session.print(JSON.stringify({ lists, problems }, null, 2));
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
    const pulled = lists.filter(({ upstream }) => upstream).map(({ name }) => name);
    if (pulled.length > 0) session.print(`\npulled from upstreams, which check does not ask: ${pulled.join(', ')}`);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    session.print(
      `\n${errors} ${errors === 1 ? 'error' : 'errors'}, ${problems.length - errors} notices; ${reading.entries.length} entries to publish`,
    );
  }
  return hasErrors(problems) ? EXIT.problems : EXIT.done;
}
