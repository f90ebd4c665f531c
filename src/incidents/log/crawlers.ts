import type { Observable } from '../../ctim/observable.ts';
import { makeRangeTable, parseRange, rangeOf } from '../../lists/address.ts';

/** Who proves to crawl for whom: `undefined` for everybody else, whatever the client says of itself. */
export type CrawlerOf = (attacker: Observable) => string | undefined;

/** By the ranges that operators publish: a file each, named for who wrote it. */
export function crawlersByRange(files: readonly { readonly operator: string; readonly text: string }[]): CrawlerOf {
  const rows = files.flatMap(({ operator, text }) =>
    rangesIn(text).flatMap((value) => {
      const range = parseRange(value);
      return range === undefined ? [] : [{ range, label: operator }];
    }),
  );
  const table = makeRangeTable(rows);
  return (attacker) => {
    const range = rangeOf(attacker);
    return range === undefined ? undefined : table.covering(range);
  };
}

/** `{"prefixes": [{"ipv4Prefix": "192.0.2.0/24"}, …]}` as Google, Bing and others write it, or a range on each line. */
export function rangesIn(text: string): string[] {
  if (!text.trimStart().startsWith('{')) {
    return text
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line !== '');
  }
  const { prefixes } = JSON.parse(text) as { prefixes?: unknown };
  if (!Array.isArray(prefixes)) return [];
  return prefixes.flatMap((prefix: unknown) => {
    if (typeof prefix !== 'object' || prefix === null) return [];
    return Object.values(prefix).filter((value): value is string => typeof value === 'string');
  });
}

/**
 * Crawlers whose operators say how to prove them by name: the address's name ends so, and the name leads back to the address.
 * https://developers.google.com/search/docs/crawling-indexing/verifying-googlebot and the like of each; 2026-11.
 */
const BY_NAME: readonly { readonly operator: string; readonly names: readonly string[] }[] = [
  { operator: 'Google', names: ['.googlebot.com', '.google.com', '.googleusercontent.com'] },
  { operator: 'Microsoft Bing', names: ['.search.msn.com'] },
  { operator: 'Apple', names: ['.applebot.apple.com'] },
  { operator: 'Yandex', names: ['.yandex.ru', '.yandex.net', '.yandex.com'] },
  { operator: 'Baidu', names: ['.baidu.com', '.baidu.jp'] },
  { operator: 'Yahoo', names: ['.crawl.yahoo.net'] },
  { operator: 'Seznam', names: ['.seznam.cz'] },
];

/** The two questions to DNS, passed in. Either may fail: then nothing is proved. */
export interface Dns {
  namesOf(address: string): Promise<readonly string[]>;
  addressesOf(name: string): Promise<readonly string[]>;
}

/**
 * Only who owns the address can name it, and only who owns the name can lead it back; either alone proves nothing. It spares an
 * address, and never blocks one: names are not resolved for that.
 */
export async function crawlerByName(attacker: Observable, dns: Dns): Promise<string | undefined> {
  if (attacker.type !== 'ip' && attacker.type !== 'ipv6') return undefined;
  const own = parseRange(attacker.value);
  for (const name of await dns.namesOf(attacker.value).catch(() => [])) {
    const plain = name.toLowerCase().replace(/\.$/, '');
    const row = BY_NAME.find(({ names }) => names.some((end) => plain.endsWith(end)));
    if (row === undefined) continue;
    const addresses = await dns.addressesOf(plain).catch(() => []);
    if (addresses.some((address) => parseRange(address)?.first === own?.first)) return row.operator;
  }
  return undefined;
}
