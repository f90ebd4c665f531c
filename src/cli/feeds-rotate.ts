import { withoutQuery } from '../ctia/http.ts';
import { OBSERVABLE_TYPES } from '../ctim/observable.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { parseLifetime } from '../lists/lifetime.ts';
import { HandRefused } from '../reconcile/by-hand.ts';
import { type Rotated, rotate } from '../reconcile/rotate.ts';
import { readSettingsAlone } from '../sources/feeds-folder.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { openTenant, type Session } from './session.ts';
import { workingClient } from './tenant-client.ts';

export interface RotateOptions {
  readonly grace: string;
  readonly showSecrets: boolean;
  readonly json: boolean;
}

/** `feeds rotate`: another URL for the same values, in this process; the workers' lock is kept and their ledger told. */
export async function rotateFeeds(
  session: Session,
  name: string,
  typeName: string | undefined,
  { grace, showSecrets, json }: RotateOptions,
): Promise<Exit> {
  const { clock, signal, config } = session;
  const settings = await readSettingsAlone(config.feedsDir);
  const channel = settings.channels.get(name);
  const known = [...settings.channels.keys()].join(', ');
  if (channel === undefined)
    throw new CommandRefused(EXIT.problems, `there is no channel ${name}; the settings have ${known}`);
  const type = OBSERVABLE_TYPES.find((it) => it === typeName);
  if (typeName !== undefined && (type === undefined || !channel.titles.has(type)))
    throw new CommandRefused(
      EXIT.usage,
      `${name} has no type ${typeName}; it has ${[...channel.titles.keys()].join(', ')}`,
    );
  const graceMs = graceOf(grace);
  const tenant = await openTenant(session);
  const shared = await shareWithWorkers({ ...config, ...session, ...tenant });
  const client = workingClient(session, tenant, shared?.lock);
  const exclusively = shared?.lock.exclusively ?? ((work) => work());
  let rotated: Rotated[];
  try {
    rotated = await rotate({ client, clock, signal, owner: tenant.owner, exclusively }, { channel, type, graceMs });
  } catch (error) {
    if (error instanceof HandRefused) throw new CommandRefused(EXIT.problems, error.message);
    throw error;
  } finally {
    await shared?.forgetFeeds();
  }
  const urlOf = ({ feed_view_url: url }: Rotated['feed']) => (showSecrets ? url : `${withoutQuery(url)}?s=…`);
  const rows = rotated.map(({ feed, ...rest }) => ({ ...rest, url: urlOf(feed) }));
  if (json) session.print(JSON.stringify({ feeds: rows }, null, 2));
  else for (const row of rows) for (const line of linesOf(row, graceMs === 0)) session.print(line);
  if (!json && !showSecrets) session.print('whole URLs: ctim-feeds feeds --show-secrets');
  return EXIT.done;
}

function linesOf(
  { channel, type, url, former, foreign }: Omit<Rotated, 'feed'> & { url: string },
  isAtOnce: boolean,
): string[] {
  return [
    `${channel}/${type}: ${url}`,
    ...former.map(({ id, until }) =>
      isAtOnce
        ? `  the former ${id} answers no more`
        : `  the former ${id} answers until ${until}: firewalls must pull the new one by then`,
    ),
    ...(foreign === undefined
      ? []
      : [
          `  the former ${foreign.id} is not ours and still answers: only ${foreign.owner}, whose client made it, or an administrator can delete it (DELETE ${new URL(foreign.id).pathname})`,
        ]),
  ];
}

/** `0` ends the former at once. */
function graceOf(text: string): number {
  if (text === '0') return 0;
  const parsed = parseLifetime(text);
  if ('wrong' in parsed) throw new CommandRefused(EXIT.usage, `--grace: ${parsed.wrong}`);
  return parsed.value.ms;
}
