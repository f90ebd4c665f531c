import type { HandResult } from '../jobs/by-hand.ts';
import { EMPTY, whatWasDone } from '../plan/hold.ts';
import type { AttackersReport } from '../reconcile/attackers.ts';
import type { HandReport } from '../reconcile/by-hand.ts';
import type { PanicReport, ReleaseReport } from '../reconcile/panic.ts';
import { countsLine } from '../reconcile/report.ts';
import { EXIT, type Exit } from './exit.ts';
import { troubleLines } from './print-report.ts';

/** What was done by hand, for a person, and the exit status that fits: 5 where a feed does not show it. */
export function renderHand(result: HandResult): { lines: string[]; exit: Exit } {
  if ('observable' in result) return renderOne(result);
  if ('notBlocked' in result) return renderAttackers(result);
  return 'counts' in result ? renderPanic(result) : { lines: releaseLines(result), exit: EXIT.done };
}

function renderOne({ observable, did, shown, gone, troubles = [], until, split = [], failures }: HandReport) {
  const lines = [
    `${observable.type} ${observable.value}: ${did}${until ? ` until ${until}` : ''}`,
    ...shown.map((feed) => `  in ${feed}`),
    ...gone.map((feed) => `  not in ${feed}`),
    ...split.map((range) => `  ${range} is published in parts around it for that time`),
    ...troubles.map((trouble) => `NOT verified: ${trouble}`),
    ...failures.map(({ message }) => `failed: ${message}`),
  ];
  const isShown = failures.length + troubles.length === 0 && shown.length + gone.length > 0;
  return { lines, exit: isShown ? EXIT.done : EXIT.notVerified };
}

function renderAttackers({ blocked, stay, notBlocked, failures }: AttackersReport) {
  const lines = [
    ...blocked.map(({ value, until }) => `blocked     ${value} until ${until}`),
    ...stay.map(({ value, until }) => `stays       ${value} until ${until}`),
    ...notBlocked.map(({ value, because }) => `not blocked ${value}: ${because}`),
    ...failures.map(({ message }) => `failed: ${message}`),
  ];
  return { lines, exit: failures.length === 0 ? EXIT.done : EXIT.notVerified };
}

function renderPanic({ channel, to, counts, byHand, feeds, failures, notices }: PanicReport) {
  const isProved = failures.length === 0 && feeds.every(({ verified }) => verified);
  const names = `${byHand.some.join(', ')}${byHand.count > byHand.some.length ? ', …' : ''}`;
  const lines = [
    `${channel}: ${whatWasDone(to)}, and on hold; ${countsLine(counts)}`,
    ...(byHand.count > 0 ? [`  added by hand before, and not to come back by itself (${byHand.count}): ${names}`] : []),
    ...notices.map((notice) => `notice: ${notice}`),
    ...failures.map(({ message }) => `failed: ${message}`),
    ...feeds.flatMap(troubleLines),
    isProved
      ? `verified: its feeds hold ${to === EMPTY ? 'nothing of ours' : 'what those lists want'}`
      : 'NOT verified: its feeds hold something else; say it again',
    `no run touches it until: ctim-feeds panic ${channel} --release`,
  ];
  return { lines, exit: isProved ? EXIT.done : EXIT.notVerified };
}

function releaseLines({ channel, to, since, sync }: ReleaseReport & { readonly sync?: string }): string[] {
  const lifted = `${channel}: no longer on hold (since ${since}, ${whatWasDone(to)})`;
  return [sync === undefined ? lifted : `${lifted}; sync is job ${sync}`];
}
