import type { BlockProposal } from '../incidents/block-proposals.ts';
import type { LogFinding, LogFindings } from '../incidents/findings.ts';
import type { LogReadingCounts } from '../incidents/read-attacks.ts';
import { DAY } from '../runtime/clock.ts';
import { renderTable } from './table.ts';

/** What the command knows when it has read. */
export interface FromLog {
  readonly campaigns: readonly LogFindings[];
  readonly proposals: readonly BlockProposal[];
  readonly counts: LogReadingCounts;
}

const SHOWN = 100;
const PATH_CHARS = 60;

/** Findings of each campaign, the incident that it would make, then what would be blocked. */
export function renderFromLog({ campaigns, proposals, counts }: FromLog, sent: readonly string[] | undefined): string {
  const parts = campaigns.map(campaignText);
  if (campaigns.length === 0) parts.push('no attack was found');
  if (proposals.length > 0) parts.push(proposalText(proposals));
  const { lines, requests, unlisted, unread } = counts;
  const other = unread.map(({ what, lines: many, firstLine }) => `${many} ${what} (the first is line ${firstLine})`);
  if (unlisted > 0) parts.push(`${unlisted} requests of later attacks were only counted: read the log in parts`);
  parts.push([`${lines} lines, ${requests} requests`, ...other].join('; '));
  parts.push(sent?.join('\n') ?? 'nothing was sent: --send sends the incidents and blocks who is proposed');
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

/** The findings that are new or have grown tenfold since they were told, as a table; and what is told by now. */
export function renderNew(
  campaigns: readonly LogFindings[],
  before: ReadonlyMap<string, number>,
): { text: string | undefined; told: ReadonlyMap<string, number> } {
  const told = new Map<string, number>();
  const news: LogFinding[] = [];
  for (const { campaign, findings } of campaigns) {
    for (const finding of findings) {
      const key = `${campaign.start} ${finding.rule.name} ${finding.attacker.value}`;
      const count = before.get(key) ?? 0;
      const isNews = finding.count >= 10 * count;
      told.set(key, isNews ? finding.count : count);
      if (isNews) news.push(finding);
    }
  }
  return { text: news.length === 0 ? undefined : findingTable(news), told };
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
