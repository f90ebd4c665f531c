import { feedKey } from '../ctim/feed.ts';
import { listOf } from './actual.ts';
import { takenIds } from './adopt.ts';
import { CHANGE_ORDER, type Change, type ChangeKind } from './change.ts';
import { estimateText } from './estimate.ts';
import { isNear } from './headroom.ts';
import { percent, spaceText } from './limits.ts';
import { movedIn, type Overview } from './overview.ts';
import { isEmpty } from './plan.ts';
import { codeBlock, codeSpan, shown } from './shown.ts';

/**
 * A plan as a comment of a pull request: counts first, long lists folded, and never more than 60 kB (GitHub takes 65,536
 * characters). All that a list or a log says stands in code, where it means nothing: see shown.ts.
 */
export const MARKDOWN_BYTES_MAX = 60_000;

/** What is more than this many lines long is folded. */
const OPEN_LINES = 10;
const ROWS = 20;
const FEED_ROWS = 60;
const LINE_BYTES = 240;
const MESSAGE_BYTES = 700;
/** Around the lines of one kind: its heading, the fold, the fences. */
const FOLD_BYTES = 400;

export function renderMarkdown(overview: Overview): string {
  const { plan } = overview;
  const head = [
    headline(overview),
    heldPart(overview),
    feedTable(overview),
    radiusPart(overview),
    againstPart(overview),
    findingsPart(overview),
    headroomPart(overview),
    noticesPart(overview),
  ];
  const foot = [
    estimateText(overview.estimate),
    `Lists of ${codeSpan(plan.revision, 100)}, owner ${codeSpan(plan.owner, 40)} at ${codeSpan(plan.tenant, 200)}, digest ${codeSpan(plan.digest, 40)}`,
  ];
  const fixed = [...head, ...foot].filter((part) => part !== '');
  const room = MARKDOWN_BYTES_MAX - Buffer.byteLength(fixed.join('\n\n')) - 100;
  return `${[...head, ...changeParts(plan.changes, room), ...foot].filter((part) => part !== '').join('\n\n')}\n`;
}

function headline({ plan }: Overview): string {
  const { enters, leaves } = movedIn(plan);
  if (isEmpty(plan)) return '### ctim-feeds: nothing to do';
  const state = plan.held.length > 0 ? 'held' : 'would be applied';
  return `### ctim-feeds: ${enters} enter, ${leaves} leave (${state})`;
}

function heldPart({ plan }: Overview): string {
  if (plan.held.length === 0) return '';
  const lines = plan.held.slice(0, ROWS).map(({ message }) => shown(message, MESSAGE_BYTES));
  return `**Held**: nothing but renewals is applied until a person says so.\n\n${codeBlock(lines)}`;
}

function feedTable({ plan, space }: Overview): string {
  const counts = CHANGE_ORDER.filter((kind) => plan.counts[kind] > 0).map((kind) => `${plan.counts[kind]} ${kind}`);
  const added = new Map(space.map((it) => [feedKey(it.feed), spaceText(it.addresses, it.feed.type)]));
  const moving = plan.feeds.filter(({ enters, leaves }) => enters + leaves > 0);
  const rows = moving.slice(0, FEED_ROWS).map(({ feed, entries, enters, leaves }) => {
    return `| ${feedKey(feed)} | +${enters} | -${leaves} | ${entries} | ${added.get(feedKey(feed)) ?? ''} |`;
  });
  const more = moving.length > FEED_ROWS ? [`\n${moving.length - FEED_ROWS} more feeds change.`] : [];
  const table = [
    '| feed | enter | leave | then holds | address space added |',
    '|---|--:|--:|--:|--:|',
    ...rows,
    ...more,
  ];
  const makings = plan.makings.length > 0 ? `${plan.makings.length} indicators and feeds to be made, ` : '';
  return `${rows.length > 0 ? `${table.join('\n')}\n\n` : ''}${makings}${counts.join(', ') || '0 changes'}; ${plan.unchanged} unchanged.`;
}

function radiusPart({ radius }: Overview): string {
  if (radius.length === 0) return '';
  const lines = radius.slice(0, ROWS).map(({ value, addresses, list, feed }) => {
    return shown(
      `${value.padEnd(20)} ${spaceText(addresses, feed.type).padStart(24)}  ${feedKey(feed)}  ${list}`,
      LINE_BYTES,
    );
  });
  return `**Blast radius**: what each new range blocks.\n\n${codeBlock([...lines, ...moreLine(radius.length - ROWS)])}`;
}

function againstPart({ against }: Overview): string {
  if (against === undefined) return '';
  const { blocked, successful, values, log, lines: read, unread } = against;
  const lines = values.slice(0, ROWS).map(({ value, list, requests, paths }) => {
    return shown(`${String(requests).padStart(7)}  ${value}  ${list}  ${paths.join(' ')}`, LINE_BYTES);
  });
  const head = `**Against ${codeSpan(log, 100)}**: ${blocked} of ${successful} successful requests would have been blocked (${read} lines, ${unread} of no known format).`;
  return lines.length === 0 ? head : `${head}\n\n${codeBlock([...lines, ...moreLine(values.length - ROWS)])}`;
}

function findingsPart({ findings }: Overview): string {
  if (findings.length === 0) return '';
  const lines = findings.slice(0, ROWS).map(({ file, line, severity, code, message }) => {
    return shown(`${file}:${line} ${severity} ${code} ${message}`, LINE_BYTES);
  });
  return `**Guards and errors**\n\n${codeBlock([...lines, ...moreLine(findings.length - ROWS)])}`;
}

function headroomPart({ headroom }: Overview): string {
  if (headroom.length === 0) return '';
  const fullest = [...headroom].sort((a, b) => b.share - a.share);
  const rows = fullest.slice(0, ROWS).map((row) => {
    const { consumer, feed, entries, entriesMax, share } = row;
    return `| ${consumer} | ${feedKey(feed)} | ${entries} | ${entriesMax ?? ''} | ${percent(share)}${isNear(row) ? ' ⚠️' : ''} |`;
  });
  return ['| consumer | feed | entries | takes | used |', '|---|---|--:|--:|--:|', ...rows].join('\n');
}

function noticesPart({ notices }: Overview): string {
  if (notices.length === 0) return '';
  const lines = notices.slice(0, ROWS).map((notice) => shown(notice, LINE_BYTES));
  return `**Notices**\n\n${codeBlock([...lines, ...moreLine(notices.length - ROWS)])}`;
}

function moreLine(more: number): string[] {
  return more > 0 ? [`… and ${more} more`] : [];
}

/** Short lists whole; what room is left the long ones share. */
function changeParts(changes: readonly Change[], room: number): string[] {
  const kinds = CHANGE_ORDER.flatMap((kind) => {
    const those = changes.filter((change) => change.kind === kind);
    return those.length > 0 ? [{ kind, those }] : [];
  });
  const parts = new Map<ChangeKind, string>();
  let left = room;
  for (const [n, { kind, those }] of [...kinds].sort((a, b) => a.those.length - b.those.length).entries()) {
    const part = changePart(kind, those, Math.floor(left / (kinds.length - n)));
    left -= Buffer.byteLength(part) + 2;
    parts.set(kind, part);
  }
  return kinds.flatMap(({ kind }) => parts.get(kind) ?? []);
}

const SIGN: Readonly<Record<ChangeKind, string>> = {
  create: '+',
  link: '+',
  adopt: '!',
  revive: '+',
  change: '!',
  renew: '#',
  withdraw: '-',
  unlink: '-',
  collect: '#',
};

function changePart(kind: ChangeKind, those: readonly Change[], room: number): string {
  const lines: string[] = [];
  let bytes = FOLD_BYTES;
  for (const change of those) {
    const line = shown(`${SIGN[kind]} ${changeText(change)}`, LINE_BYTES);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > room) break;
    lines.push(line);
  }
  const more = those.length - lines.length;
  const rest = more > 0 ? [`  … and ${more} more: plan --json lists all`] : [];
  const block = codeBlock([...lines, ...rest], 'diff');
  if (those.length <= OPEN_LINES) return `**${those.length} ${kind}**\n\n${block}`;
  return `<details><summary>${those.length} ${kind}</summary>\n\n${block}\n\n</details>`;
}

function changeText(change: Change): string {
  const feed = change.feed ? feedKey(change.feed) : 'no feed of today';
  if (change.kind === 'unlink') return `${feed}  ${change.link.id}`;
  if (change.kind === 'renew' || change.kind === 'withdraw' || change.kind === 'collect')
    return `${feed}  ${change.stored.observable.value}  ${listOf(change.stored) ?? ''}`.trimEnd();
  const { entry } = change;
  const { list, position, terms, observable } = entry;
  const taken = change.kind === 'adopt' ? `takes over ${takenIds(change).join(', ')}` : undefined;
  const why = [taken, terms.reason, terms.ticket].filter((text) => text !== undefined).join(', ');
  return `${feed}  ${observable.value}  ${list} ${position.file}:${position.line}  ${terms.lifetime.text}  ${why}`.trimEnd();
}
