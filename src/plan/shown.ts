/**
 * Text that somebody else wrote (a reason, a URL, a path of a log) on its way to a terminal or a comment: what cannot be
 * seen, or turns what follows round, is made visible, and what is long is cut.
 */
export function shown(text: string, bytesMax: number): string {
  const visible = text.slice(0, bytesMax).replace(INVISIBLE, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
  if (text.length <= bytesMax && Buffer.byteLength(visible) <= bytesMax) return visible;
  return `${Buffer.from(visible)
    .subarray(0, bytesMax - 3)
    .toString()
    .replace(/\ufffd+$/, '')}…`;
}

/** Controls, formats (bidirectional marks, zero width), halves of pairs, what no script uses; all separators but the blank. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** A block of Markdown in which nothing means anything, whatever its lines hold: no HTML, no link, no mention. */
export function codeBlock(lines: readonly string[], language = 'text'): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** The same within a line. */
export function codeSpan(text: string, bytesMax: number): string {
  const visible = shown(text, bytesMax);
  const longest = Math.max(0, ...[...visible.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = /^`|`$|^ .* $/.test(visible) ? ' ' : '';
  return `${ticks}${pad}${visible}${pad}${ticks}`;
}
