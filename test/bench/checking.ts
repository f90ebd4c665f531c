import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { address } from './addresses.ts';
import type { Checked } from './checking-process.ts';
import { atMost, type Measure, plain } from './measure.ts';

/** Values of no guard, each another one. Names end in suffixes of one and of two labels. */
const KINDS: Readonly<Record<string, (n: number) => string>> = {
  IPv4: address,
  IPv6: (n) => `2a0e:${(n >>> 16).toString(16)}:${(n & 65_535).toString(16)}::${((n * 7) & 65_535 || 1).toString(16)}`,
  names: (n) => `${n % 3 === 0 ? 'www.' : ''}${word(n)}.${SUFFIXES[n % SUFFIXES.length]}`,
  URLs: (n) => `http://${word(n)}.${SUFFIXES[n % SUFFIXES.length]}/${word(n + 1)}/x.php?id=${n}`,
};
const SUFFIXES = ['com', 'net', 'org', 'icu', 'top', 'co.uk', 'com.br'];

function word(n: number): string {
  return `${(Math.imul(n, 0x9e_37_79_b1) >>> 0).toString(36)}${n.toString(36)}`;
}

/** `check` of a text list of so many values of each kind, the firewalls of its channel counted too. */
export async function measureCheck(newFolder: (name: string) => string, count: number): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const [kind, value] of Object.entries(KINDS)) {
    const folder = newFolder(`check-${kind}`);
    writeFileSync(join(folder, 'settings.yaml'), 'channels: { firewall-block: { consumers: [cisco-fmc] } }\n');
    writeFileSync(join(folder, 'values.yaml'), 'action: block\nentries_from: values.txt\n');
    const text = join(folder, 'values.txt');
    writeFileSync(text, `${Array.from({ length: count }, (_, n) => value(n + 1)).join('\n')}\n`);
    const { bare, ours, entries, peakMiB, longestBlockMs } = await checked(text);
    if (entries !== count) throw new Error(`${entries} of ${count} ${kind} were accepted`);
    measures.push(
      atMost(`check ${count} ${kind}, read-split-hash = 1`, ours / bare, 'ratio', 6),
      plain(`check ${count} ${kind}: seconds`, ours, 's'),
      atMost(`check ${count} ${kind}: peak memory`, peakMiB, 'MiB', 1.2 * 1024),
      atMost(`check ${count} ${kind}: longest block of the event loop`, longestBlockMs, 'ms', 1000),
    );
  }
  return measures;
}

async function checked(text: string): Promise<Checked> {
  const child = fork(new URL('./checking-process.js', import.meta.url), [text]);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('checking ended without an answer')));
  const [told] = (await Promise.race([once(child, 'message'), ended])) as [Checked];
  return told;
}
