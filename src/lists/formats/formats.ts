import type { ObservableType } from '../../ctim/observable.ts';
import { adblockItems } from './adblock.ts';
import { csvItems } from './csv.ts';
import { dnsmasqItems } from './dnsmasq.ts';
import { hostsItems } from './hosts.ts';
import type { SourceItem } from './items.ts';
import { jsonItems } from './json.ts';
import { rpzItems } from './rpz.ts';
import { textItems } from './text.ts';

/** How others write lists. From none of them is a name made of a URL: who lists a page does not list its host. */
export const FORMATS = ['text', 'hosts', 'csv', 'json', 'adblock', 'dnsmasq', 'rpz'] as const;
export type Format = (typeof FORMATS)[number];

/** These have columns; the others do not ask for one. */
export const FORMATS_WITH_COLUMN: readonly Format[] = ['csv', 'json'];

export interface SourceFormat {
  readonly format: Format;
  readonly column?: string | number;
  /** What alone is taken out of a mixed list. */
  readonly type?: ObservableType;
  readonly refang?: boolean;
}

const READERS: Readonly<Record<Format, (text: string, column?: string | number) => Generator<SourceItem>>> = {
  text: (text) => textItems(text),
  hosts: (text) => hostsItems(text),
  csv: csvItems,
  json: jsonItems,
  adblock: (text) => adblockItems(text),
  dnsmasq: (text) => dnsmasqItems(text),
  rpz: (text) => rpzItems(text),
};

export function sourceItems(
  text: string,
  { format, column }: Pick<SourceFormat, 'format' | 'column'>,
): Generator<SourceItem> {
  return READERS[format](text, column);
}
