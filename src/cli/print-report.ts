import type { RenewalReport } from '../jobs/renew.ts';
import { countsLine, doneLine, type Report } from '../reconcile/report.ts';
import type { FeedVerdict } from '../reconcile/verify.ts';

/** A run for a person: what changed, what is wrong, and whether the feeds are proved. */
export function renderReport(report: Report): string {
  const { feeds, failures, notices, held, requests } = report;
  const seconds = ((Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1000).toFixed(1);
  return [
    `${whatWasDone(report)}; ${requests.total} requests (${requests.mutating} mutating) in ${seconds} s`,
    ...notices.map((notice) => `notice: ${notice}`),
    ...failures.map(
      ({ position, message }) => `failed: ${position ? `${position.file}:${position.line} ` : ''}${message}`,
    ),
    ...feeds.flatMap(troubleLines),
    ...held.map(({ message }) => `held: ${message}`),
    `${resultLine(report)} (lists of ${report.revision})`,
  ].join('\n');
}

/** An audit changes nothing: what it counts a sync would do. */
function whatWasDone(report: Report): string {
  if (report.kind === 'sync') return `${doneLine(report)}; ${report.unchanged} unchanged`;
  const next =
    report.result === 'problems'
      ? 'what a sync would do is not known while the lists have errors'
      : `a sync would make ${countsLine(report.counts)}`;
  return `audited, nothing was changed; ${next}`;
}

export function renewalLines({ live, renewed, result, firstLapse, failures, requests }: RenewalReport): string[] {
  if (result === 'first-contact') return ['nothing renewed: first contact, or a state of another repository'];
  return [
    `${renewed} renewed of ${live} live; ${requests.total} requests (${requests.mutating} mutating)${firstLapse === null ? '' : `; the first would lapse ${firstLapse}`}`,
    ...failures.map(({ message }) => `failed: ${message}`),
  ];
}

function resultLine({ result, held }: Report): string {
  const isFirst = held.some(({ rule }) => rule === 'first-contact');
  return result === 'held' && isFirst ? 'held: nothing was applied or renewed' : RESULT_LINES[result];
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
