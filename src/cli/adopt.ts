import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Entry } from '../ctim/entry.ts';
import { ownerOfMark } from '../ctim/external-id.ts';
import { allowChannelsOf, type Channel, feedKey } from '../ctim/feed.ts';
import { DISPOSITIONS, type Disposition } from '../ctim/judgement.ts';
import { observableKey } from '../ctim/observable.ts';
import { oneLine } from '../ctim/one-line.ts';
import { shortId } from '../ctim/short-id.ts';
import { readWill } from '../jobs/desired.ts';
import { type AdoptEntry, adoptListText, type LeftOut } from '../lists/adopt-list.ts';
import { makeGuards } from '../lists/guards/guards.ts';
import { normalise } from '../lists/normalise.ts';
import { makeWhyAllowed } from '../lists/precedence.ts';
import { findFeeds } from '../reconcile/feeds.ts';
import { type FoundForeign, findForeign } from '../reconcile/foreign.ts';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { bringLists, openTenant, type Session } from './session.ts';
import { renderTable } from './table.ts';
import { askingClient } from './tenant-client.ts';

interface Options {
  readonly json: boolean;
  readonly yaml: boolean;
  readonly write?: string;
  readonly source?: string;
  readonly channel?: string;
}

/** One judgement that others keep in one channel. */
interface Row {
  readonly observable: { readonly type: string; readonly value: string };
  readonly channel: string;
  readonly source: string;
  readonly disposition: Disposition;
  readonly end: string;
  readonly reason: string | undefined;
  readonly id: string;
  /** How many there are on its observable in its channel. */
  readonly of: number;
  /** Other feeds of ours that it is in. */
  readonly also: readonly string[];
  /** Why no entry is written for it. */
  readonly leftOut: string | undefined;
}

/** `adopt`: what others made and keep in our feeds, and the list that takes it over. Writes nothing into the tenant. */
export async function adopt(session: Session, options: Options): Promise<Exit> {
  await bringLists(session);
  const { rows, found, channels, names } = await look(session, options);
  if (options.yaml || options.write !== undefined) return writeList(session, options, rows, channels, names);
  const counts = countsOf(rows);
  if (options.json) {
    const { idle, ofOthers } = found;
    session.print(
      JSON.stringify({ judgements: rows, sources: counts, idle_links: idle, of_others: ofOthers }, null, 2),
    );
    return EXIT.done;
  }
  const cells = rows.map(
    ({ observable: { type, value }, channel, source, disposition, end, id, of, also, leftOut }) => [
      ...[oneLine(value), `${channel}/${type}`, oneLine(source), DISPOSITIONS[disposition], end.slice(0, 10), id],
      [
        ...(of > 1 ? [`1 of ${of}`] : []),
        ...(also.length > 0 ? [`also in ${also.join(', ')}`] : []),
        ...(leftOut === undefined ? [] : [leftOut]),
      ].join('; '),
    ],
  );
  const headings = ['observable', 'feed', 'source', 'disposition', 'end', 'judgement', ''];
  if (rows.length > 0) session.print(renderTable(headings, cells));
  session.print(`\n${rows.length} that others made are in our feeds${rows.length > 0 ? ', by source:' : ''}`);
  for (const { source, count } of counts) session.print(`  ${String(count).padStart(6)}  ${oneLine(source)}`);
  if (found.ofOthers > 0) session.print(`${found.ofOthers} more belong to another organisation and cannot be adopted`);
  if (found.idle > 0) session.print(`${found.idle} more links lead to judgements that are gone or not valid now`);
  if (rows.length > 0) session.print('nothing was changed; --yaml prints the list that takes them over');
  return EXIT.done;
}

async function look(session: Session, { source, channel }: Options) {
  const { config } = session;
  const tenant = await openTenant(session);
  const { owner, ownEmbedded } = tenant;
  const client = askingClient(session, tenant);
  const self = { owner, organisation: (await client.identity()).organisation };
  const settings = await readSettingsAlone(config.feedsDir);
  const channels = [...settings.channels.values()].filter(({ name }) => channel === undefined || name === channel);
  if (channels.length === 0)
    throw new CommandRefused(
      EXIT.usage,
      `there is no channel ${channel} (known: ${[...settings.channels.keys()].join(', ')})`,
    );
  const now = client.serverNow();
  const { desired } = await readWill({ feedsDir: config.feedsDir, ownEmbedded, adhocAllow: [], now });
  const found = await findForeign(client, self, (await findFeeds(client, self, channels, now)).feeds);
  const listed = new Map(
    desired.entries.map((entry) => [`${entry.channel} ${observableKey(entry.observable)}`, entry]),
  );
  const allowing = allowChannelsOf(desired.channels);
  const whyAllowed = makeWhyAllowed(desired.entries.filter((entry) => allowing.has(entry.channel)));
  const guards = makeGuards(settings, await session.guardKnowledge());
  const rows = rowsOf(found, source, (observable, name, id) => {
    const said = normalise(observable.value);
    if ('refused' in said) return said.refused.message;
    if (said.observable.type !== observable.type) return `its type is ${said.observable.type}, not ${observable.type}`;
    const at = listed.get(`${name} ${observableKey(said.observable)}`);
    if (at?.adopt?.includes(id)) return `${placeOf(at)} takes it over with the next sync`;
    if (at !== undefined) return `it stands in ${placeOf(at)}: write "adopt:" there`;
    if (settings.channels.get(name)?.action !== 'block') return undefined;
    const guarded = guards.judge(said.observable);
    return whyAllowed(said.observable) ?? (guarded?.weight === 'warn' ? undefined : guarded?.message);
  });
  return { rows, found, channels, names: desired.lists };
}

function rowsOf(
  { those }: FoundForeign,
  source: string | undefined,
  whyNot: (observable: { type: string; value: string }, channel: string, id: string) => string | undefined,
): Row[] {
  const rows: Row[] = [];
  const ids = new Map<string, Set<string>>();
  for (const { judgement, feeds } of those) {
    if (source !== undefined && judgement.source !== source) continue;
    for (const feed of feeds) {
      const { channel, type } = feed;
      const { observable, disposition, reason, valid_time, id } = judgement;
      const key = keyOf(observable, channel);
      ids.set(key, (ids.get(key) ?? new Set()).add(id));
      const wrongFeed = type === observable.type ? undefined : `it is in the feed of ${type}`;
      const owner = otherOwner(judgement.externalIds);
      rows.push({
        ...{ observable, channel, disposition, reason, source: judgement.source },
        ...{ end: valid_time.end_time, id: shortId(id), of: 1 },
        also: feeds.filter((it) => it !== feed).map(feedKey),
        leftOut: wrongFeed ?? owner ?? whyNot(observable, channel, shortId(id)),
      });
    }
  }
  return rows
    .map((row) => ({ ...row, of: ids.get(keyOf(row.observable, row.channel))?.size ?? 1 }))
    .sort((a, b) => compare(keyOf(a.observable, a.channel), keyOf(b.observable, b.channel)) || compare(a.id, b.id));
}

/** Another of our kind renews what it owns, and would make it anew. */
function otherOwner(externalIds: readonly string[]): string | undefined {
  const mark = externalIds.find((id) => ownerOfMark(id) !== undefined);
  return mark && `it bears the mark ${mark}: it belongs to another owner, who may still write it`;
}

function placeOf({ position: { file, line } }: Entry): string {
  return `${file}:${line}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function countsOf(rows: readonly Row[]): { source: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { source } of rows) counts.set(source, (counts.get(source) ?? 0) + 1);
  return [...counts].map(([source, count]) => ({ source, count })).sort((a, b) => b.count - a.count);
}

/** Texts that mean one observable are one. */
function keyOf(observable: { type: string; value: string }, channel: string): string {
  const said = normalise(observable.value);
  const same = 'observable' in said && said.observable.type === observable.type ? said.observable : observable;
  return `${channel} ${same.type} ${same.value}`;
}

async function writeList(
  session: Session,
  { write, channel }: Options,
  rows: readonly Row[],
  channels: readonly Channel[],
  names: ReadonlySet<string>,
): Promise<Exit> {
  if (write !== undefined && existsSync(write))
    throw new CommandRefused(
      EXIT.usage,
      `${write} is there already and was not touched: name another file, or remove it`,
    );
  const those = channels.filter(({ name }) => rows.some((row) => row.channel === name));
  const [only, ...others] = those;
  if (only === undefined) {
    console.error('nothing that others made is in these feeds: no list is written');
    return EXIT.done;
  }
  if (others.length > 0) {
    const found = those.map(({ name }) => name).join(', ');
    throw new CommandRefused(
      EXIT.usage,
      `a list has one channel, and there is something in ${found}: say one with --channel`,
    );
  }
  const { entries, leftOut } = listOf(rows.filter((row) => row.channel === (channel ?? only.name)));
  if (entries.length === 0) {
    console.error(`none of the ${rows.length} can be taken over: ctim-feeds adopt says why`);
    return EXIT.done;
  }
  const name = freeName(names);
  const text = adoptListText({ name, action: only.action, channel: only.name }, entries, leftOut);
  if (write === undefined) {
    session.print(text.trimEnd());
    return EXIT.done;
  }
  await writeFile(write, text, { flag: 'wx' });
  session.print(
    `${write}: ${entries.length} entries, ${leftOut.length} left out (named at its end); read it, commit it, then plan and apply`,
  );
  return EXIT.done;
}

function listOf(rows: readonly Row[]): { entries: AdoptEntry[]; leftOut: LeftOut[] } {
  const entries = new Map<string, AdoptEntry>();
  const leftOut: LeftOut[] = [];
  for (const { observable, channel, reason, source, id, also, leftOut: why } of rows) {
    const said = normalise(observable.value);
    if (why !== undefined || 'refused' in said) {
      leftOut.push({ value: observable.value, why: why ?? 'it is no observable', adopt: [id] });
      continue;
    }
    const key = keyOf(observable, channel);
    const known = entries.get(key);
    const its = known ?? { observable: said.observable, reason, source, adopt: [], also: [] };
    entries.set(key, { ...its, adopt: [...its.adopt, id], also: [...new Set([...its.also, ...also])] });
  }
  return { entries: [...entries.values()], leftOut };
}

function freeName(names: ReadonlySet<string>): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? 'adopted' : `adopted-${n}`;
    if (!names.has(name)) return name;
  }
}
