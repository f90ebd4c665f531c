import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Public address space without resolvers, content networks or anything else that a guard has a word on. */
const NETWORKS = [11, 26, 33, 55] as const;
/** Odd, so that multiplying by it is one to one among 24 bits: spread like a real list, and no address twice. */
const SPREAD = 0x9e_37_79;
const HOST_BITS = 24;

export function address(n: number): string {
  const host = Math.imul(Math.floor(n / NETWORKS.length), SPREAD) & (2 ** HOST_BITS - 1);
  return `${NETWORKS[n % NETWORKS.length]}.${host >> 16}.${(host >> 8) & 255}.${host & 255}`;
}

/** A feeds folder with one list of `count` addresses in a text file, in place of the first one `first` where it is given. */
export function writeFeeds(folder: string, count: number, first = address(0)): string {
  const lines = Array.from({ length: count }, (_, n) => (n === 0 ? first : address(n)));
  writeFileSync(join(folder, 'settings.yaml'), 'owner: bench\n');
  writeFileSync(
    join(folder, 'scanners.yaml'),
    'action: block\nlifetime: 7d\ndefaults: { reason: Seen scanning, source: bench }\nentries_from: [scanners.txt]\n',
  );
  const text = join(folder, 'scanners.txt');
  writeFileSync(text, `${lines.join('\n')}\n`);
  return text;
}
