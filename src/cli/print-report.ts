import type { RenewalReport } from '../jobs/renew.ts';
import { countsLine, doneLine, type Report } from '../reconcile/report.ts';
import type { FeedVerdict } from '../reconcile/verify.ts';

/** A run for a person: what changed, what is wrong, and whether the feeds are proved. */
export function renderReport(report: Report): string {
  const { feeds, failures, notices, held, requests } = report;
  const seconds = ((Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1000).toFixed(1);
  const done = report.kind === 'audit' ? `a sync would make ${countsLine(report.counts)}` : doneLine(report);
  return [
    `${done}; ${report.unchanged} unchanged; ${requests.total} requests (${requests.mutating} mutating) in ${seconds} s`,
    ...notices.map((notice) => `notice: ${notice}`),
    ...failures.map(
      ({ position, message }) => `failed: ${position ? `${position.file}:${position.line} ` : ''}${message}`,
    ),
    ...feeds.flatMap(troubleLines),
    ...held.map(({ message }) => `held: ${message}`),
    `${RESULT_LINES[report.result]} (lists of ${report.revision})`,
  ].join('\n');
}

export function renewalLines({ live, renewed, result, firstLapse, failures, requests }: RenewalReport): string[] {
  if (result === 'first-contact') return ['nothing renewed: first contact, or a state of another repository'];
  return [
    `${renewed} renewed of ${live} live; ${requests.total} requests (${requests.mutating} mutating)${firstLapse === null ? '' : `; the first would lapse ${firstLapse}`}`,
    ...failures.map(({ message }) => `failed: ${message}`),
  ];
}

const RESULT_LINES: Readonly<Record<Report['result'], string>> = {
  verified: 'verified: the feeds hold what the lists say',
  problems: 'not applied: the lists have errors',
  held: 'held: nothing but renewals was applied',
  'not-verified': 'NOT verified: the feeds and the lists differ',
};

export function troubleLines({ channel, type, trouble, missing, extra, foreign }: FeedVerdict): string[] {
  const name = `${channel}/${type}`;
  const list = (what: string, { count, some }: FeedVerdict['missing']) =>
    count === 0 ? [] : [`${name}: ${count} ${what}: ${some.join(', ')}${count > some.length ? ', …' : ''}`];
  return [
    ...(trouble === undefined ? [] : [`${name}: ${trouble}`]),
    ...list('missing', missing),
    ...list('that should not be there', extra),
    ...list('kept there by others', foreign),
  ];
}
