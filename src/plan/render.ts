import { feedKey } from '../ctim/feed.ts';
import { takenIds } from './adopt.ts';
import type { Change, ChangeKind } from './change.ts';
import { CHANGE_ORDER } from './change.ts';
import { isEmpty, type Plan } from './plan.ts';

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

export function renderPlan(plan: Plan): string {
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
    '',
    isEmpty(plan)
      ? `0 changes, ${plan.unchanged} unchanged`
      : `${plan.changes.length} changes, ${plan.unchanged} unchanged, digest ${plan.digest}`,
  );
  for (const { message } of plan.held) lines.push(`held: ${message}`);
  return lines.join('\n');
}

function renderChange(change: Change): string {
  const sign = `  ${SIGN[change.kind]}`;
  switch (change.kind) {
    case 'renew':
    case 'withdraw':
    case 'collect':
      return `${sign} ${change.feed ? feedKey(change.feed) : 'no feed of today'}  ${change.stored.observable.value}  until ${date(change.stored.end)}`;
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
