import { access, constants } from 'node:fs/promises';
import { makeCtiaClient } from '../ctia/client.ts';
import { isCtiaError } from '../ctia/error.ts';
import { missingScopes } from '../ctia/scopes.ts';
import { hasErrors } from '../ctim/problem.ts';
import { queueNames } from '../jobs/queues.ts';
import { openRedis } from '../jobs/redis.ts';
import { SECOND } from '../runtime/clock.ts';
import { readFeeds } from '../sources/feeds-folder.ts';
import { EXIT, type Exit } from './exit.ts';
import { bringLists, openTenant, type Session, type Tenant } from './session.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly says: string;
}

const SKEW_MS_MAX = 120 * SECOND;

/** `doctor`: one line for each thing that must be right; each is ok, or says what is wrong and the next step. */
export async function doctor(session: Session, { json }: { json: boolean }): Promise<Exit> {
  const findings: Finding[] = [];
  const look = async (what: string, check: () => Promise<string>) => {
    try {
      findings.push({ what, ok: true, says: await check() });
    } catch (error) {
      findings.push({ what, ok: false, says: error instanceof Error ? error.message : String(error) });
    }
  };
  const { config, clock, log } = session;
  let tenant: Tenant | undefined;
  await look('lists', () => checkLists(session));
  await look('data', async () => {
    await access(config.dataDir, constants.W_OK).catch(() => access('.', constants.W_OK));
    return config.dataDir;
  });
  await look('redis', async () => {
    const redis = await openRedis({ ...config, clock, log });
    try {
      const problem = await redis.findProblem();
      if (problem !== undefined) throw new Error(problem);
      return redis.description;
    } finally {
      await redis.close();
    }
  });
  await look('tenant', async () => {
    tenant = await openTenant(session);
    const { organisation, login } = await tenant.ctia.tokens.get();
    return `${tenant.ctia.ctiaUrl}, organisation ${organisation}, as ${login}`;
  });
  if (tenant !== undefined) await lookAtTenant(session, tenant, look);
  if (json) session.print(JSON.stringify({ findings }, null, 2));
  else for (const { what, ok, says } of findings) session.print(`${ok ? 'ok  ' : 'WRONG'} ${what.padEnd(9)} ${says}`);
  return findings.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
}

async function lookAtTenant(
  session: Session,
  { ctia, owner }: Tenant,
  look: (what: string, check: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const { clock } = session;
  await look('incidents', () => incidentBases(session, ctia));
  await look('owner', async () => `${owner}; the queue is ${queueNames(ctia.ctiaUrl, owner).requests}`);
  await look('scopes', async () => {
    const { scopes } = await ctia.tokens.get();
    const missing = missingScopes(scopes);
    if (missing.length > 0)
      throw new Error(`granted: ${scopes.join(' ')}; missing: ${missing.join(' ')}; add them to the API client`);
    return scopes.join(' ');
  });
  await look('clock', async () => {
    const client = makeCtiaClient({ connection: ctia, clock, patienceMs: SECOND });
    await client.allByExternalId('indicator', `${owner}-state`);
    const aheadMs = client.serverAheadMs();
    const says = `the server's clock is ${Math.abs(aheadMs / SECOND).toFixed(0)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} ours`;
    if (Math.abs(aheadMs) > SKEW_MS_MAX) throw new Error(`${says}: set this machine's clock (NTP)`);
    return says;
  });
}

/** Which of the two bases serves incidents: the one that is set must. */
async function incidentBases({ clock }: Session, ctia: Tenant['ctia']): Promise<string> {
  const answers = new Map<string, boolean>();
  for (const incidentBase of ['ctia', 'private-intel'] as const) {
    const client = makeCtiaClient({ connection: { ...ctia, incidentBase }, clock, patienceMs: SECOND });
    try {
      answers.set(incidentBase, await client.hasIncidents());
    } catch (error) {
      // What is wrong with the other one is nobody's concern.
      if (incidentBase === ctia.incidentBase || !isCtiaError(error)) throw error;
      answers.set(incidentBase, false);
    }
  }
  const says = [...answers].map(([base, ok]) => `${base} ${ok ? 'answers' : 'does not answer'}`).join(', ');
  if (answers.get(ctia.incidentBase)) return `written at ${ctia.incidentBase}: ${says}`;
  throw new Error(`CTIA_INCIDENT_BASE is ${ctia.incidentBase}, and ${says}: set the one that does`);
}

async function checkLists(session: Session): Promise<string> {
  const { config, clock, guardKnowledge } = session;
  await bringLists(session);
  const { reading } = await readFeeds(config.feedsDir, { now: clock.now(), knowledge: await guardKnowledge() });
  if (hasErrors(reading.problems)) {
    const errors = reading.problems.filter(({ severity }) => severity === 'error').length;
    throw new Error(`${errors} errors in ${config.feedsDir}: see ctim-feeds check`);
  }
  const { lists, entries } = reading;
  return `${lists.length} ${lists.length === 1 ? 'list' : 'lists'}, ${entries.length} entries in ${config.feedsDir}`;
}
