import type { SourceFormat } from './formats/formats.ts';
import type { Item } from './list-file.ts';
import { entriesFileSchema, readFormat, readUpstream, type Upstream, upstreamSchema } from './upstream-schema.ts';
import type { Words, WrongKey } from './words.ts';
import { check, findKey, placeOfKey, plainValue, textOf } from './yaml-check.ts';
import { isNull, type YamlFault, type YamlMap, type YamlNode } from './yaml-tree.ts';

/** A file beside the list; of plain text where it says no format. */
export interface EntriesFile extends Item {
  readonly format?: SourceFormat;
}

const NO_WORDS: Words = { terms: {} };

/** Where else than below `observables` a list says that its entries are. */
export function readUpstreamOf(map: YamlMap, faults: YamlFault[]): Upstream | undefined {
  const node = findKey(map, 'upstream');
  if (node === undefined || isNull(node)) return undefined;
  if (node.kind !== 'map') {
    const message = 'upstream is a map of keys, such as { url: "https://lists.example/exits.txt", type: ip }';
    faults.push({ code: 'invalid-key', message, line: node.line, column: node.column });
    return undefined;
  }
  for (const key of ['observables', 'entries_from']) {
    if (findKey(map, key) === undefined) continue;
    const message = `${key} stands beside upstream: what people list and what is pulled are two lists, so that each can be judged by itself`;
    faults.push({ code: 'invalid-key', message, ...placeOfKey(map, key) });
  }
  const checked = check(node, upstreamSchema, { where: 'upstream' });
  faults.push(...checked.faults);
  if (checked.value === undefined) return undefined;
  const { upstream, wrong } = readUpstream(checked.value, placeOfKey(map, 'upstream'));
  for (const { key, message } of wrong)
    faults.push({ code: 'invalid-key', message: `upstream.${key}: ${message}`, ...placeOfKey(node, key) });
  return upstream;
}

/** What the schema of the list is to see of them: a map is looked at by itself. */
export function fileNames(node: YamlNode): unknown {
  if (node.kind !== 'list') return plainValue('', node);
  return node.items.map((item) => (item.kind === 'map' ? { file: 'looked at below' } : plainValue('', item)));
}

export function readFiles(node: YamlNode | undefined, faults: YamlFault[]): EntriesFile[] {
  const items = node === undefined ? [] : node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    const at = { line: item.line, column: item.column };
    const value = textOf(item);
    if (item.kind !== 'map') return value === undefined || value === '' ? [] : [{ value, words: NO_WORDS, ...at }];
    const checked = check(item, entriesFileSchema, { where: 'an item of entries_from' });
    faults.push(...checked.faults);
    if (checked.value === undefined) return [];
    const wrong: WrongKey[] = [];
    const format = readFormat(checked.value, wrong);
    for (const { key, message } of wrong)
      faults.push({ code: 'invalid-key', message: `${key}: ${message}`, ...placeOfKey(item, key) });
    return [{ value: checked.value.file, words: NO_WORDS, format, ...at }];
  });
}
