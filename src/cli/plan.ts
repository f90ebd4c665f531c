import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Problem } from '../ctim/problem.ts';
import { countAgainst } from '../incidents/log/against-log.ts';
import { logLines } from '../incidents/log/log-lines.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import type { AgainstLog } from '../plan/against.ts';
import { renderMarkdown } from '../plan/markdown.ts';
import { enteringOf } from '../plan/overview.ts';
import { planJson } from '../plan/plan-json.ts';
import { renderPlan } from '../plan/render.ts';
import { hasProblems, NO_APPROVAL } from '../plan/safety.ts';
import { type Prepared, prepare } from '../reconcile/prepare.ts';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { readDesired } from './apply.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { overviewFor } from './overview.ts';
import { bringLists, openTenant, type Session } from './session.ts';
import { workingClient } from './tenant-client.ts';
import { pullDue } from './upstreams.ts';

interface Options {
  readonly json: boolean;
  readonly markdown: boolean;
  readonly against?: string;
}

/** `plan`: what `apply` would do, and nothing done. */
export async function plan(session: Session, { json, markdown, against }: Options): Promise<Exit> {
  if (json && markdown) throw new CommandRefused(EXIT.usage, '--json and --markdown exclude each other');
  const log = against === undefined ? undefined : { name: against, input: await openLog(against) };
  await bringLists(session);
  const tenant = await openTenant(session);
  let sharing: ReturnType<typeof shareWithWorkers> | undefined;
  const share = () => {
    sharing ??= shareWithWorkers({ ...session.config, ...session, ...tenant });
    return sharing;
  };
  const upstreams = await pullDue(session, tenant, share);
  // Who asks no Redis needs none: only copies that workers fetch are looked for there.
  const { updateEveryMs } = (await readSettingsAlone(session.config.feedsDir)).guards;
  const guards = updateEveryMs === undefined ? undefined : (await share())?.guardCopies;
  const client = workingClient(session, tenant, undefined);
  let problems: readonly Problem[] = [];
  const prepared = await prepare({
    client,
    owner: tenant.owner,
    ownEmbedded: tenant.ownEmbedded,
    approval: NO_APPROVAL,
    readDesired: readDesired(session, tenant, client.serverNow, { upstreams, guards }, (said) => {
      problems = said;
    }),
  });
  const overview = overviewFor(prepared, problems, log && (await againstLog(log, prepared)));
  if (json) session.print(JSON.stringify(planJson(overview), null, 2));
  else session.print(markdown ? renderMarkdown(overview) : renderPlan(overview));
  for (const notice of overview.notices) console.error(`notice: ${notice}`);
  if (hasProblems(prepared.plan)) return EXIT.problems;
  return prepared.plan.held.length > 0 ? EXIT.held : EXIT.done;
}

async function againstLog(
  { name, input }: { name: string; input: Readable },
  { desired, situation, plan }: Prepared,
): Promise<AgainstLog> {
  const blocking = new Set(desired.channels.filter(({ action }) => action === 'block').map((channel) => channel.name));
  try {
    const counts = await countAgainst(logLines(input), enteringOf(situation, plan, blocking));
    return { log: name === '-' ? 'stdin' : name, ...counts };
  } catch (error) {
    throw cannotRead(name, error);
  }
}

/** Opened before anything is asked of the tenant: a mistyped name is told at once. */
async function openLog(name: string): Promise<Readable> {
  if (name === '-') return process.stdin;
  const input = createReadStream(name);
  return new Promise((resolve, reject) => {
    input.once('open', () => resolve(input));
    input.once('error', (error) => reject(cannotRead(name, error)));
  });
}

function cannotRead(name: string, error: unknown): CommandRefused {
  const why = error instanceof Error ? error.message : String(error);
  return new CommandRefused(EXIT.usage, `--against ${name} cannot be read (${why}): name an access log, plain or gzip`);
}
