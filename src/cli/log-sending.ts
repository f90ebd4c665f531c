import { type Observable, observableKey } from '../ctim/observable.ts';
import type { BlockProposal } from '../incidents/block-proposals.ts';
import { earlierAttacks } from '../incidents/earlier-attacks.ts';
import type { LogFindings } from '../incidents/findings.ts';
import { build } from '../incidents/write/build.ts';
import { incidentFromFindings } from '../incidents/write/from-findings.ts';
import { type Imported, importBuilt } from '../incidents/write/import.ts';
import { PAYLOAD_VERSION } from '../jobs/queues.ts';
import type { AttackersReport } from '../reconcile/attackers.ts';
import { carryOut } from './by-hand.ts';
import { CommandRefused, EXIT, type Exit } from './exit.ts';
import { renderHand } from './hand-report.ts';
import { importLines } from './import-report.ts';
import { type Intelligence, openToWrite, problemsRefused } from './intelligence.ts';
import { type ProposalOptions, proposalsNow } from './log-proposals.ts';
import { openTenant, type Session, type Tenant } from './session.ts';

/** What became of the incidents and of the blocks. */
export interface Sent {
  readonly proposals: readonly BlockProposal[];
  readonly imported: readonly Imported[];
  /** Undefined where nobody was to be blocked. */
  readonly attackers: AttackersReport | { readonly refused: string } | undefined;
}

export interface Sender {
  send(campaigns: readonly LogFindings[]): Promise<Sent>;
}

/**
 * `incident from-log --send`: first the incident of each campaign with its sightings, then the blocks, each of which names its
 * incident. The same log again finds both there. What attacked on earlier days, as the sightings of then tell, is blocked for longer.
 */
export async function openSender(session: Session, options: ProposalOptions): Promise<Sender> {
  const tenant = await openTenant(session);
  const intelligence = await openToWrite(session, tenant);
  return {
    async send(campaigns) {
      const { client, owner } = intelligence;
      const attackers = campaigns.flatMap(({ findings }) => findings.map(({ attacker }) => attacker));
      const first = Math.min(...campaigns.map(({ campaign }) => campaign.start));
      const earlier = await earlierAttacks(client, owner, unique(attackers), first);
      const proposals = await proposalsNow(session, campaigns, options, earlier);
      const imported: Imported[] = [];
      const incidents = new Map<string, string>();
      for (const found of campaigns) {
        const done = await sendIncident(session, intelligence, found);
        imported.push(done);
        const incident = done.results.find(({ plural, id }) => plural === 'incidents' && id !== undefined)?.id;
        for (const { attacker } of found.findings)
          if (incident !== undefined) incidents.set(observableKey(attacker), incident);
      }
      return { proposals, imported, attackers: await block(session, tenant, proposals, incidents) };
    },
  };
}

async function sendIncident(
  { clock, signal }: Session,
  { client, owner, exclusively }: Intelligence,
  found: LogFindings,
): Promise<Imported> {
  const drafts = incidentFromFindings(found);
  const built = build(drafts, { owner, source: found.source, tlp: 'amber', now: client.serverNow() });
  if ('problems' in built) throw problemsRefused(built.problems);
  return importBuilt({ client, clock, signal, owner, exclusively }, built, owner);
}

/** A block without its incident would be one of which nobody knows why. */
async function block(
  session: Session,
  tenant: Tenant,
  proposals: readonly BlockProposal[],
  incidents: ReadonlyMap<string, string>,
): Promise<Sent['attackers']> {
  const attackers = proposals.flatMap((proposal) => {
    const { attacker, rules, requests, severity } = proposal;
    const incident = incidents.get(observableKey(attacker));
    if (!('until' in proposal) || incident === undefined) return [];
    const reason = `${rules.slice(0, RULES_NAMED).join(', ')}: ${requests} ${requests === 1 ? 'request' : 'requests'}`;
    return [{ ...attacker, until: new Date(proposal.until).toISOString(), reason, severity, source_uri: incident }];
  });
  let all: AttackersReport | undefined;
  for (let at = 0; at < attackers.length; at += ATTACKERS_MAX) {
    const some = attackers.slice(at, at + ATTACKERS_MAX);
    const payload = { v: PAYLOAD_VERSION, attackers: some } as const;
    try {
      const { result } = await carryOut(session, tenant, { name: 'attackers', payload });
      all = joined(all, result as AttackersReport);
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      return { refused: error.message };
    }
  }
  return all;
}

const RULES_NAMED = 5;
/** Of one job. */
const ATTACKERS_MAX = 1000;

function joined(a: AttackersReport | undefined, b: AttackersReport): AttackersReport {
  if (a === undefined) return b;
  return {
    blocked: [...a.blocked, ...b.blocked],
    stay: [...a.stay, ...b.stay],
    notBlocked: [...a.notBlocked, ...b.notBlocked],
    failures: [...a.failures, ...b.failures],
  };
}

function unique(attackers: readonly Observable[]): Observable[] {
  return [...new Map(attackers.map((it) => [observableKey(it), it])).values()];
}

export function sentLines({ imported, attackers }: Sent): { lines: string[]; exit: Exit } {
  const lines = imported.flatMap((it) => importLines(it));
  const refused = imported.some(({ results }) => results.some(({ result }) => result === 'error'));
  const exit = refused ? EXIT.problems : EXIT.done;
  if (attackers === undefined) return { lines: [...lines, 'nobody was to be blocked'], exit };
  if ('refused' in attackers)
    return { lines: [...lines, `nobody is blocked: ${attackers.refused}`], exit: EXIT.problems };
  const blocks = renderHand(attackers);
  return { lines: [...lines, ...blocks.lines], exit: exit === EXIT.done ? blocks.exit : exit };
}
