import type { CtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import type { StoredJudgement } from '../ctia/stored.ts';
import { isOwned, isUnderSync } from '../ctim/external-id.ts';
import { DISPOSITIONS } from '../ctim/judgement.ts';
import { shortId } from '../ctim/short-id.ts';
import { expire } from '../incidents/judgements/expire.ts';
import { type Self, selectJudgements, whyNotTouch } from '../incidents/judgements/select.ts';
import { remove } from '../incidents/write/removal.ts';
import { shown } from '../plan/shown.ts';
import { confirmed } from './confirm.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { type Intelligence, idOf, openToWrite } from './intelligence.ts';
import { filterOf, type JudgementFlags, saysWhich } from './judgement-filters.ts';
import type { Session } from './session.ts';

interface Options extends JudgementFlags {
  readonly json: boolean;
  readonly yes: boolean;
  readonly force: boolean;
}

const SHOWN_MAX = 20;

/** `judgements delete`: by id or by filters, with the relationships that begin at them. */
export function deleteJudgements(session: Session, ids: readonly string[], options: Options): Promise<Exit> {
  return change(session, ids, { ...options, ended: true }, 'delete', async ({ client, exclusively }, self, those) => {
    const from = new Map<string, string[]>();
    for (const { id, source_ref, external_ids } of await client.allRelationshipsFrom(those.map((it) => it.id))) {
      if (!options.force && !isOwned(self.owner, external_ids)) continue;
      from.set(String(source_ref), [...(from.get(String(source_ref)) ?? []), id]);
    }
    const removes = those.map(({ id }) => ({ plural: 'judgements' as const, id, relationships: from.get(id) ?? [] }));
    const { deleted, failures } = await remove({ client, exclusively }, removes);
    return { said: `${deleted} deleted, relationships included`, failures };
  });
}

/** `judgements expire`: they end now, and stay to be read. */
export function expireJudgements(
  session: Session,
  ids: readonly string[],
  { reason, ...options }: Options & { reason: string },
): Promise<Exit> {
  return change(session, ids, options, 'end', async (writing, _, those) => {
    const { expired, failures } = await expire(
      writing,
      those.map((it) => it.id),
      reason,
    );
    return { said: `${expired} ended`, failures };
  });
}

type Writing = Pick<Intelligence, 'client' | 'exclusively'>;
type Work = (
  writing: Writing,
  self: Self,
  those: readonly StoredJudgement[],
) => Promise<{ said: string; failures: readonly { id: string; why: string }[] }>;

async function change(
  session: Session,
  ids: readonly string[],
  options: Options,
  verb: 'delete' | 'end',
  work: Work,
): Promise<Exit> {
  if (ids.length === 0 && !saysWhich(options))
    throw new CommandRefused(
      EXIT.usage,
      `say which to ${verb}: ids, or --value, --source, --type, --disposition, --list, --expiring`,
    );
  const asked = ids.map((id) => idOf(id, ['judgement']));
  const filter = filterOf(options);
  const { client, owner, organisation, exclusively } = await openToWrite(session);
  const self = { owner, organisation };
  const found: StoredJudgement[] = [];
  if (asked.length > 0) for (const id of asked) found.push(...(await oneOrNone(client, id)));
  else for await (const page of selectJudgements(client, self, filter)) found.push(...page);

  const say = options.json ? console.error : session.print;
  const stay = found.flatMap((it) => {
    const why = options.force ? undefined : whyNotTouch(self, it);
    return why === undefined ? [] : [{ id: it.id, why }];
  });
  const staying = new Set(stay.map(({ id }) => id));
  const those = found.filter(({ id }) => !staying.has(id));
  for (const { id, why } of stay.slice(0, SHOWN_MAX)) say(`stays: ${shortId(id)}: ${shown(why, 300)}; or --force`);
  if (stay.length > SHOWN_MAX) say(`and ${stay.length - SHOWN_MAX} more stay`);
  if (those.length === 0) {
    say(found.length === 0 ? 'no such judgement' : 'nothing was changed');
    return stay.length > 0 ? EXIT.problems : EXIT.done;
  }
  for (const it of those.slice(0, SHOWN_MAX)) say(`${verb}: ${lineOf(it)}`);
  if (those.length > SHOWN_MAX) say(`and ${those.length - SHOWN_MAX} more`);
  if (!(await confirmed(session, `${verb} ${those.length === 1 ? 'it' : `these ${those.length}`}?`, options.yes))) {
    say('nothing was changed');
    return EXIT.held;
  }
  const { said, failures } = await work({ client, exclusively }, self, those);
  if (options.json) session.print(JSON.stringify({ [verb]: those.map(({ id }) => id), stay, failures }, null, 2));
  else session.print(said);
  for (const { id, why } of failures.slice(0, SHOWN_MAX)) say(`not done: ${shortId(id)}: ${why}`);
  if (those.some(({ externalIds }) => isUnderSync(owner, externalIds)))
    say(
      'some were held by lists: the next audit finds that as drift, and the sync after it makes what the lists still want',
    );
  return failures.length > 0 ? EXIT.failed : stay.length > 0 ? EXIT.problems : EXIT.done;
}

async function oneOrNone(client: CtiaClient, id: string): Promise<StoredJudgement[]> {
  try {
    return [await client.judgementById(id)];
  } catch (error) {
    if (isCtiaError(error, 'not-found')) return [];
    throw error;
  }
}

function lineOf({ observable, disposition, source, valid_time: { end_time: end }, id }: StoredJudgement): string {
  const what = shown(`${observable.type} ${observable.value}`, 100);
  return `${what}, ${DISPOSITIONS[disposition]} by ${shown(source, 60)} until ${end.slice(0, 16)} (${shortId(id)})`;
}
