import { OWNER_PATTERN } from '../ctim/external-id.ts';
import { shareWithWorkers } from '../jobs/share.ts';
import { type OwnedByOld, type Renamed, readOwnedBy, renameOwner } from '../reconcile/rename-owner.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { openTenant, type Session } from './session.ts';
import { workingClient } from './tenant-client.ts';

/** `rename-owner OLD`: what OLD published becomes the owner's that the settings name now. Feeds and their URLs stay. */
export async function renameOwnerFrom(
  session: Session,
  from: string,
  { yes, json }: { yes: boolean; json: boolean },
): Promise<Exit> {
  if (!OWNER_PATTERN.test(from))
    throw new CommandRefused(
      EXIT.usage,
      `${JSON.stringify(from.slice(0, 80))} is no owner: expected is the former one, 3 to 32 lower-case letters and digits as settings.yaml had it`,
    );
  const { clock, signal } = session;
  const tenant = await openTenant(session);
  const { owner: to } = tenant;
  if (from === to)
    throw new CommandRefused(
      EXIT.usage,
      `${to} is the owner that settings.yaml names now: say the former one here, and the new one there`,
    );
  // The former owner's lock: should a worker of its still be at it, its batch ends first.
  const shared = await shareWithWorkers({ ...session.config, ...session, ...tenant, owner: from });
  const client = workingClient(session, tenant, shared?.lock);
  const owned = await readOwnedBy(client, from, to);
  if (!yes) {
    session.print(json ? JSON.stringify(countsOf(owned), null, 2) : foundLine(owned, from, to));
    return EXIT.held;
  }
  const workers = (await shared?.runningWorkers()) ?? 0;
  if (workers > 0)
    throw new CommandRefused(
      EXIT.failed,
      `${workers} ${workers === 1 ? 'process works' : 'processes work'} for ${from} still, and what it has planned would come back as ${from}'s: stop it, then say this again`,
    );
  const exclusively = shared?.lock.exclusively ?? ((work) => work());
  const renamed = await renameOwner({ client, clock, signal, from, to, exclusively }, owned);
  session.print(json ? JSON.stringify(renamed, null, 2) : renamedLines(renamed, from, to).join('\n'));
  return renamed.unknown > 0 || renamed.refused.length > 0 ? EXIT.notVerified : EXIT.done;
}

function countsOf(owned: OwnedByOld) {
  return Object.fromEntries(Object.entries(owned).map(([kind, those]) => [kind.replace('_', ' '), those.length]));
}

function foundLine(owned: OwnedByOld, from: string, to: string): string {
  const counts = Object.entries(countsOf(owned)).map(([kind, count]) => `${count} ${kind}`);
  return `${from} has ${counts.join(', ')}. Stop its workers, then --yes makes all of it ${to}'s; nothing leaves a feed`;
}

function renamedLines(
  { judgements, links, ofIncidents, lacking, refused, unknown }: Renamed,
  from: string,
  to: string,
): string[] {
  return [
    `${judgements} judgements and ${links} links, the indicators and the feeds are ${to}'s now${ofIncidents === 0 ? '' : `, and ${ofIncidents} things of incidents`}`,
    ...(lacking === undefined
      ? []
      : [
          `judgements and links stay ${from}'s, and lapse: ${lacking}. Apply the lists now; ${to}'s own come into the same feeds beside them`,
        ]),
    ...refused.map((why) => `refused: ${why}; the next apply makes it anew`),
    ...(unknown === 0 ? [] : [`of ${unknown} CTIA did not say what became of them: run the same command again`]),
  ];
}
