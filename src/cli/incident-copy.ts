import { makeCtiaClient, openCtia } from '../ctia/client.ts';
import { OWNER_PATTERN } from '../ctim/external-id.ts';
import { readIncident, readRelations } from '../incidents/read/reading.ts';
import { build } from '../incidents/write/build.ts';
import { copyOf } from '../incidents/write/copy.ts';
import { importBuilt } from '../incidents/write/import.ts';
import { HOUR } from '../runtime/clock.ts';
import { loadTenantFile } from '../runtime/config.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { printImport } from './import-report.ts';
import { idOf, openToRead, problemsRefused } from './intelligence.ts';
import type { Session } from './session.ts';

/** `incident copy ID --to KEYS`: it and all its objects, into another tenant or server. A second time nothing is made. */
export async function copyIncident(
  session: Session,
  id: string,
  { to, toOwner, json }: { to: string; toOwner?: string; json: boolean },
): Promise<Exit> {
  const asked = idOf(id, ['incident']);
  const { clock, signal, releases, config } = session;
  const there = loadTenantFile(to, process.cwd());
  const { client, owner } = await openToRead(session);
  const ownerThere = toOwner ?? owner;
  if (!OWNER_PATTERN.test(ownerThere))
    throw new CommandRefused(
      EXIT.usage,
      `--to-owner is "${ownerThere}"; expected 3 to 32 of a-z and 0-9, a letter first`,
    );
  const reading = await readIncident(client, asked);
  if (reading.unreadable > 0)
    console.error(`${reading.unreadable} things that are related to it are not ours to read, and are not copied`);
  const copy = await copyOf(client, reading, await readRelations(client, reading));
  for (const { id: left, why } of copy.leftOut) console.error(`left out: ${left}: ${why}`);
  const connection = openCtia({ clock, ...there, incidentBase: config.incidentBase });
  releases.add('connections to the other CTIA', () => connection.close());
  const target = makeCtiaClient({ connection, clock, signal, patienceMs: HOUR });
  await target.identity();
  const built = build(copy.drafts, { owner: ownerThere, source: ownerThere, tlp: 'amber', now: target.serverNow() });
  if ('problems' in built) throw problemsRefused(built.problems);
  return printImport(
    session,
    await importBuilt(
      { client: target, clock, signal, owner: ownerThere, exclusively: (work) => work() },
      built,
      ownerThere,
    ),
    json,
  );
}
