import type { BlockProposal } from '../incidents/block-proposals.ts';
import type { LogFinding, LogFindings } from '../incidents/findings.ts';
import type { LogReadingCounts } from '../incidents/read-attacks.ts';
import { DAY } from '../runtime/clock.ts';
import { renderTable } from './table.ts';

interface FromLogParts {
  readonly campaigns: readonly LogFindings[];
  readonly proposals: readonly BlockProposal[];
  readonly counts: LogReadingCounts;
}

const SHOWN = 100;
const PATH_CHARS = 60;

/** Findings of each campaign, the incident that it would make, then what would be blocked. */
export function renderFromLog({ campaigns, proposals, counts }: FromLogParts): string {
  const parts = campaigns.map(campaignText);
  if (campaigns.length === 0) parts.push('no attack was found');
  if (proposals.length > 0) parts.push(proposalText(proposals));
  const { lines, requests, unread } = counts;
  const other = unread.map(({ what, lines: many, firstLine }) => `${many} ${what} (the first is line ${firstLine})`);
  parts.push([`${lines} lines, ${requests} requests`, ...other].join('; '));
  parts.push('nothing was sent');
  return parts.join('\n\n');
}

function campaignText({ source, campaign, findings, beyond }: LogFindings): string {
  const attackers = new Set(findings.map(({ attacker }) => attacker.value)).size;
  const techniques = [...new Set(findings.flatMap(({ rule }) => rule.techniques))].sort();
  const head =
    `incident: attacks in ${source}, ${iso(campaign.start)} to ${iso(campaign.end)}: ` +
    `${findings.length} sightings of ${attackers} attackers, ${findings[0]?.rule.severity ?? 'no'} severity, ${techniques.join(' ')}`;
  const more = [
    ...(findings.length > SHOWN ? [`and ${findings.length - SHOWN} more (--json has all)`] : []),
    ...(beyond.requests > 0 ? [`and ${beyond.requests} requests of attackers beyond what is kept`] : []),
  ];
  return [head, findingTable(findings.slice(0, SHOWN)), ...more].join('\n');
}

function findingTable(findings: readonly LogFinding[]): string {
  return renderTable(
    ['attacker', 'rule', 'severity', 'requests', 'first seen', 'last seen', 'path'],
    findings.map(({ attacker, rule, count, firstSeen, lastSeen, target }) => [
      ...[attacker.value, rule.name, rule.severity, String(count), iso(firstSeen), iso(lastSeen)],
      (target.paths[0] ?? '').slice(0, PATH_CHARS),
    ]),
  );
}

function proposalText(proposals: readonly BlockProposal[]): string {
  const shown = proposals
    .slice(0, SHOWN)
    .map((proposal) => [
      proposal.attacker.value,
      ...('until' in proposal
        ? [`block until ${iso(proposal.until)}`, `${proposal.lifetimeMs / DAY} d, repetition ${proposal.repetition}`]
        : ['not blocked', proposal.because.message]),
    ]);
  const more = proposals.length > SHOWN ? `\nand ${proposals.length - SHOWN} more (--json has all)` : '';
  return `${renderTable(['attacker', 'proposal', 'why'], shown)}${more}`;
}

/** The findings that are new or have grown tenfold since they were told; undefined where none has. */
export function renderNew(campaigns: readonly LogFindings[], told: Map<string, number>): string | undefined {
  const news = campaigns.flatMap(({ campaign, findings }) =>
    findings.filter(({ attacker, rule, count }) => {
      const key = `${campaign.start} ${rule.name} ${attacker.value}`;
      if (count < 10 * (told.get(key) ?? 0)) return false;
      told.set(key, count);
      return true;
    }),
  );
  return news.length === 0 ? undefined : findingTable(news);
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
