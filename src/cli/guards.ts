import { hasManagedRedis } from '../jobs/managed-redis.ts';
import { openRedis } from '../jobs/redis.ts';
import { connectRedis, RedisError } from '../jobs/redis-connection.ts';
import { sharedGuardCopies } from '../jobs/text-keys.ts';
import { BUILT_IN_RANGES } from '../lists/guards/address-guards.ts';
import { COMMON_HASHES } from '../lists/guards/common-hashes.ts';
import { withoutPort } from '../lists/guards/fetched-format.ts';
import { type Finding, makeGuards } from '../lists/guards/guards.ts';
import { BUILT_IN_NAMES } from '../lists/guards/name-guards.ts';
import { normalise } from '../lists/normalise.ts';
import { makeDownloader, shownUrl } from '../sources/download.ts';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { bringHome, type GuardPull, guardCopies, guardListTrouble, updateGuardLists } from '../sources/guard-data.ts';
import type { LastGood } from '../sources/last-good.ts';
import { ago } from '../sources/upstream-health.ts';
import { EXIT, type Exit } from './exit.ts';
import { bringLists, type Session } from './session.ts';
import { renderTable } from './table.ts';

/**
 * Of the workers, where there are any; a Redis that does not answer leaves this machine's own. The lists are public and of no
 * tenant, so nothing else is asked.
 */
async function sharedCopies({ config, clock, log, releases }: Session): Promise<LastGood | undefined> {
  if (config.redisUrl === undefined && !hasManagedRedis(config.dataDir)) return undefined;
  try {
    const redis = await openRedis({ ...config, clock, log });
    releases.add('Redis', () => redis.close());
    return sharedGuardCopies(connectRedis(redis.connection, releases));
  } catch (error) {
    if (!(error instanceof RedisError)) throw error;
    console.error(`${error.message}; going by what this machine fetched`);
    return undefined;
  }
}

/** `guards`: what guards go by, where it is from, and how old it is. */
export async function guards(session: Session, { json }: { json: boolean }): Promise<Exit> {
  await bringLists(session);
  const { config, clock, guardKnowledge } = session;
  const settings = await readSettingsAlone(config.feedsDir);
  const shared = await sharedCopies(session);
  const { configured, fetched } = await guardKnowledge(shared);
  const places = [...(shared ? [shared] : []), guardCopies(config.dataDir)];
  const builtIn = [
    ...BUILT_IN_RANGES.map(({ title, rows, source, date }) => ({ title, size: rows.length, source, date })),
    ...BUILT_IN_NAMES.map(({ title, names, source, date }) => ({ title, size: names.length, source, date })),
    { ...COMMON_HASHES, size: COMMON_HASHES.files.size, files: undefined },
  ];
  const lists = await Promise.all(
    settings.guards.lists.map(async (source) => {
      const { title, size, leftOut, fetchedAt } = fetched.find(({ url }) => url === source.url) ?? {};
      const { url, kind, severity } = source;
      return {
        ...{ url: shownUrl(url), kind, severity, title, size, left_out: leftOut },
        fetched_at: fetchedAt && new Date(fetchedAt),
        trouble: (await guardListTrouble(source, places)) ?? null,
      };
    }),
  );
  const { updateEveryMs } = settings.guards;
  const own = { protect: settings.protect.length, configured, update_every_ms: updateEveryMs ?? null };
  if (json) {
    session.print(JSON.stringify({ built_in: builtIn, fetched: lists, ...own }, null, 2));
    return EXIT.done;
  }
  const sourceText = (source: string) => {
    const [first = source, ...more] = source.match(/https:\S+/g) ?? [];
    return `${first}${more.length > 0 ? ' …' : ''}`;
  };
  const rows = builtIn.map(({ title, size, source, date }) => [title, String(size), date, sourceText(source)]);
  session.print(renderTable(['built in', 'entries', 'as of', 'source'], rows));
  const age = (at: Date | 0 | undefined) => (at ? `${ago(clock.now() - at.getTime())} ago` : 'never: guards update');
  const fetchedRows = lists.map((it) => [
    it.url,
    it.kind,
    it.severity,
    String(it.size ?? '–'),
    String(it.left_out ?? '–'),
    age(it.fetched_at),
  ]);
  session.print(
    `\n${renderTable(['fetched list', 'kind', 'severity', 'entries', 'left out', 'fetched'], fetchedRows)}`,
  );
  for (const { url, trouble } of lists) if (trouble !== null) session.print(`${url}: ${trouble}`);
  session.print(
    updateEveryMs === undefined
      ? 'no schedule fetches them: guards: { update: { every: 1d } } in the settings, or guards update'
      : `workers fetch them every ${ago(updateEveryMs)}`,
  );
  const hosts = configured.map(({ host, what }) => [host, what]);
  session.print(`\n${renderTable(['protected by the configuration', 'as'], hosts)}`);
  session.print(`\n${settings.protect.length} values are protected by the settings`);
  return EXIT.done;
}

/** `guards test`: all that guards say of values on a block list, and what becomes of them. */
export async function test(session: Session, values: readonly string[], { json }: { json: boolean }): Promise<Exit> {
  await bringLists(session);
  const settings = await readSettingsAlone(session.config.feedsDir);
  const { explain } = makeGuards(settings, await session.guardKnowledge(await sharedCopies(session)));
  const answers = values.map((value) => {
    const host = withoutPort(value);
    const normal = normalise(host);
    if ('refused' in normal) return { value, outcome: 'invalid' as const, why: normal.refused.message };
    const { observable } = normal;
    const findings = explain(observable);
    const said = findings.map(({ code, weight, why }) => ({ code, weight, why }));
    return { value, observable, port_stripped: host !== value, outcome: outcomeOf(findings), findings: said };
  });
  if (json) session.print(JSON.stringify(answers, null, 2));
  else for (const answer of answers) session.print(lines(answer).join('\n'));
  return answers.some(({ outcome }) => outcome === 'refused' || outcome === 'invalid') ? EXIT.problems : EXIT.done;
}

function outcomeOf(findings: readonly Finding[]): 'refused' | 'published with a notice' | 'let through' {
  if (findings.some(({ weight }) => weight !== 'warn')) return 'refused';
  return findings.length > 0 ? 'published with a notice' : 'let through';
}

type Answer =
  | { value: string; outcome: 'invalid'; why: string }
  | {
      value: string;
      outcome: ReturnType<typeof outcomeOf>;
      observable: { type: string; value: string };
      port_stripped: boolean;
      findings: readonly Pick<Finding, 'code' | 'weight' | 'why'>[];
    };

const WEIGHTS = { never: 'refuses, and no force lifts it', refuse: 'refuses', warn: 'warns' } as const;

function lines(answer: Answer): string[] {
  if (answer.outcome === 'invalid') return [`${answer.value}: invalid`, `  ${answer.why}`];
  const { value, observable, outcome, port_stripped, findings } = answer;
  const said = findings.map(({ code, weight, why }) => `  ${code} ${WEIGHTS[weight]}: ${why}`);
  const isFinal = findings.some(({ weight }) => weight === 'never');
  const way = {
    refused: isFinal
      ? '  it can never be blocked from here'
      : '  force: "reason" on the entry publishes it all the same',
    'published with a notice': '  force: "reason" on the entry says that this is known, and the notice goes',
    'let through': '  no guard has a word on it',
  }[outcome];
  const port = port_stripped ? ['  the port is left out: feeds cannot say it'] : [];
  return [`${value}: ${outcome} (${observable.type} ${observable.value})`, ...port, ...said, way];
}

/**
 * `guards update`: fetches what the settings name, for the workers where there are any, and into the data folder. What fails
 * keeps its last good copy.
 */
export async function update(session: Session, { json }: { json: boolean }): Promise<Exit> {
  await bringLists(session);
  const { config, clock, signal } = session;
  const { guards: said } = await readSettingsAlone(config.feedsDir);
  const download = makeDownloader({ clock, privateHosts: config.upstreamPrivateHosts });
  const shared = await sharedCopies(session);
  const home = guardCopies(config.dataDir);
  const pulls = await updateGuardLists(said.lists, { clock, signal, download, lastGood: shared ?? home });
  if (shared) await bringHome(said.lists, shared, home);
  if (json) session.print(JSON.stringify(pulls, null, 2));
  else session.print(guardPullTable(pulls));
  return pulls.some(({ did }) => did === 'kept') ? EXIT.failed : EXIT.done;
}

export function guardPullTable(pulls: readonly GuardPull[]): string {
  const rows = pulls.map(({ url, did, size, message }) => [url, did, String(size), message ?? '']);
  return renderTable(['list', 'did', 'entries', 'why'], rows);
}
