import { feedKey } from '../ctim/feed.ts';
import { listOf } from './actual.ts';
import { takenIds } from './adopt.ts';
import type { Change, ChangeKind } from './change.ts';
import { CHANGE_ORDER } from './change.ts';
import { estimateText } from './estimate.ts';
import { headroomText } from './headroom.ts';
import { spaceText } from './limits.ts';
import type { Overview } from './overview.ts';
import { isEmpty } from './plan.ts';
import { shown } from './shown.ts';

/** A plan for a person: counts first, then what enters and leaves each feed, then line by line, then what holds it. */
const LINES_PER_KIND = 40;

const SIGN: Readonly<Record<ChangeKind, string>> = {
  create: '+ create  ',
  link: '+ link    ',
  adopt: '~ adopt   ',
  revive: '+ revive  ',
  change: '~ change  ',
  renew: '~ renew   ',
  withdraw: '- withdraw',
  unlink: '- unlink  ',
  collect: '- collect ',
};

export function renderPlan(overview: Overview): string {
  const { plan } = overview;
  const lines = [`Plan for owner ${plan.owner} at ${plan.tenant}, lists of ${plan.revision}`, ''];
  for (const { feed, entries, enters, leaves } of plan.feeds) {
    lines.push(`  ${feedKey(feed).padEnd(24)} ${String(entries).padStart(8)} entries  +${enters} -${leaves}`);
  }
  if (plan.makings.length > 0) {
    lines.push('', 'To be made:', ...plan.makings.map(({ what, feed }) => `  + ${what.padEnd(14)} ${feedKey(feed)}`));
  }
  for (const kind of CHANGE_ORDER) {
    const those = plan.changes.filter((change) => change.kind === kind);
    if (those.length > 0)
      lines.push('', `${those.length} ${kind}:`, ...those.slice(0, LINES_PER_KIND).map(renderChange));
    if (those.length > LINES_PER_KIND) lines.push(`  … and ${those.length - LINES_PER_KIND} more (--json lists all)`);
  }
  lines.push(
    ...radiusLines(overview),
    ...againstLines(overview),
    ...findingLines(overview),
    ...headroomLines(overview),
  );
  lines.push(
    '',
    isEmpty(plan)
      ? `0 changes, ${plan.unchanged} unchanged`
      : `${plan.changes.length} ${plan.changes.length === 1 ? 'change' : 'changes'}, ${plan.unchanged} unchanged, digest ${plan.digest}`,
  );
  if (!isEmpty(plan)) lines.push(estimateText(overview.estimate));
  for (const { message } of plan.held) lines.push(`held: ${message}`);
  return lines.join('\n');
}

const ROWS = 10;

function radiusLines({ radius, space }: Overview): string[] {
  const added = space.filter(({ addresses }) => addresses > 0n);
  if (radius.length === 0 && added.length === 0) return [];
  const ranges = radius.slice(0, ROWS).map(({ value, addresses, feed, list }) => {
    return `  ${value.padEnd(24)} ${spaceText(addresses, feed.type)}  ${feedKey(feed)}  ${list}`;
  });
  return [
    '',
    ...added.map(({ feed, addresses }) => `${feedKey(feed)} blocks ${spaceText(addresses, feed.type)} more`),
    ...ranges,
    ...(radius.length > ROWS ? [`  … and ${radius.length - ROWS} more ranges (--json lists all)`] : []),
  ];
}

function againstLines({ against }: Overview): string[] {
  if (against === undefined) return [];
  const { log, lines, unread, successful, blocked, values } = against;
  return [
    '',
    `${log}: ${blocked} of ${successful} successful requests would have been blocked (${lines} lines, ${unread} of no known format)`,
    ...values.slice(0, LINES_PER_KIND).map(({ value, list, requests, paths }) => {
      return shown(`  ${String(requests).padStart(8)}  ${value}  ${list}  ${paths.join(' ')}`, AGAINST_BYTES);
    }),
    ...(values.length > LINES_PER_KIND
      ? [`  … and ${values.length - LINES_PER_KIND} more values (--json lists all)`]
      : []),
  ];
}

const AGAINST_BYTES = 300;

/** Exceptions that somebody made, and what guards warn of. Errors are told by themselves, whether a plan is shown or not. */
function findingLines({ findings }: Overview): string[] {
  const exceptions = findings.filter(({ severity }) => severity === 'notice');
  if (exceptions.length === 0) return [];
  const more = exceptions.length - ROWS;
  return [
    '',
    ...exceptions.slice(0, ROWS).map(({ file, line, code, message }) => `${file}:${line} ${code} ${message}`),
    ...(more > 0 ? [`  … and ${more} more (--json lists all)`] : []),
  ];
}

function headroomLines({ headroom }: Overview): string[] {
  return headroom.length === 0 ? [] : ['', ...headroom.map(headroomText)];
}

function renderChange(change: Change): string {
  const sign = `  ${SIGN[change.kind]}`;
  switch (change.kind) {
    case 'renew':
    case 'withdraw':
    case 'collect': {
      const { observable, end } = change.stored;
      // The list that had it, which tells a value that moves from one that goes.
      const list = listOf(change.stored);
      const ofList = list === undefined ? '' : `  ${list}`;
      return `${sign} ${change.feed ? feedKey(change.feed) : 'no feed of today'}  ${observable.value}${ofList}  until ${date(end)}`;
    }
    case 'unlink':
      return `${sign} ${feedKey(change.feed)}  ${change.link.id}`;
    default: {
      const { entry, feed } = change;
      const { file, line } = entry.position;
      const taken = change.kind === 'adopt' ? `  takes over ${takenIds(change).join(', ')}` : '';
      return `${sign} ${feedKey(feed)}  ${entry.observable.value}  ${entry.list} ${file}:${line}  lifetime ${entry.terms.lifetime.text}${taken}`;
    }
  }
}

function date(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ');
}
