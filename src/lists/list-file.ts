import type { Terms } from '../ctim/entry.ts';
import { RESERVED_LISTS } from '../ctim/entry.ts';
import type { ListAction } from '../ctim/feed.ts';
import type { ObservableType } from '../ctim/observable.ts';
import { shortId } from '../ctim/short-id.ts';
import { defaultLifetime, type LifetimeBounds } from './lifetime.ts';
import type { ListLimits } from './limits-schema.ts';
import { defaultsSchema, entrySchema, listSchema, NAME_MAX, overrideSchema } from './list-schema.ts';
import { type EntriesFile, fileNames, readFiles, readUpstreamOf } from './list-sources.ts';
import type { Upstream } from './upstream-schema.ts';
import { defaultDisposition, onceOnly, type Reader, readWords, type Words } from './words.ts';
import { check, findKey, looksLikeNumber, type Misplaced, placeOfKey, plainValue, textOf } from './yaml-check.ts';
import { parseYamlList } from './yaml-list.ts';
import { isNull, type YamlFault, type YamlMap, type YamlNode } from './yaml-tree.ts';

/** One list as its file says it: nothing normalised yet, and no other file looked at. */
export interface ListFile {
  readonly name: string;
  readonly namePlace: Place;
  readonly action: ListAction;
  readonly channel: string;
  readonly channelPlace: Place;
  readonly example: boolean;
  readonly refang: boolean;
  /** Its ranges are published in parts around allowed addresses, unless an entry says otherwise. */
  readonly carveOut: boolean;
  readonly terms: Terms;
  readonly limits: ListLimits;
  readonly upstream?: Upstream;
  readonly entriesFrom: readonly EntriesFile[];
  readonly overrides: readonly Item[];
  /** Made while it is iterated, so that a million entries are never all in memory. */
  readonly observables: Iterable<Item>;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A value with the words that stand beside it. */
export interface Item extends Place {
  readonly value: string;
  readonly type?: ObservableType;
  readonly words: Words;
  /** Something of it was wrong: it counts as invalid. */
  readonly broken?: boolean;
  /** What of that is not told yet. */
  readonly faults?: readonly YamlFault[];
  /** Said when the value is no observable: what YAML has to do with it. */
  readonly hint?: string;
}

const NO_WORDS: Words = { terms: {} };
/** CTIM's guide: at most 90 for automation. https://github.com/threatgrid/ctim/blob/master/doc/structures/judgement.md */
const PRIORITY = { list: 95, upstream: 90 } as const;

/** What people call the entries of a list before they know what it is called here. */
const ENTRIES = ['entries', 'values', 'items', 'list', 'indicators', 'addresses', 'ips', 'domains', 'urls', 'hashes'];
const MISPLACED_IN_LIST: Misplaced = new Map([
  ...Object.keys(defaultsSchema.shape).map((key): [string, string] => [
    key,
    'it stands below defaults: or in an entry',
  ]),
  ...ENTRIES.map((key): [string, string] => [key, 'the entries of a list stand below observables:']),
]);
const MISPLACED_IN_DEFAULTS: Misplaced = new Map([
  ['lifetime', 'lifetime: stands at the top of the list'],
  ['disposition', 'disposition: stands at the top of the list'],
  ['expires', 'expires: stands in an entry'],
  ['starts', 'starts: stands in an entry'],
  ['renew', 'renew: stands at the top of the list'],
  ['carve_out', 'carve_out: stands at the top of the list or in an entry'],
  ['force', 'force: stands in an entry, so that each exception is said'],
  ['type', 'type: stands in an entry'],
  ['adopt', 'adopt: stands in an entry'],
]);
const MISPLACED_IN_OVERRIDE: Misplaced = new Map([
  ['value', 'the key of the override is the value'],
  ['adopt', 'adopt: stands in an entry below observables:'],
]);

export async function readListFile(
  text: string,
  { path, now, pause, bounds }: { path: string; now: number; pause: () => Promise<void>; bounds: LifetimeBounds },
): Promise<{ list: ListFile | undefined; faults: YamlFault[] }> {
  const { tree, entries, faults } = await parseYamlList(text, pause);
  const top = { line: 1, column: 1 };
  if (tree === undefined || isNull(tree)) {
    if (faults.length === 0) {
      faults.push({
        code: 'empty-list-file',
        message: 'the file is empty: a list needs at least "action: block" or "action: allow"',
        ...top,
      });
    }
    return { list: undefined, faults };
  }
  if (tree.kind !== 'map') {
    const found = tree.kind === 'list' ? 'a bare list of entries' : 'a text';
    const message = `a list file is a map of keys, and this is ${found}: begin with "action: block", and put the entries below "observables:"`;
    faults.push({ code: 'not-a-list-file', message, line: tree.line, column: tree.column });
    return { list: undefined, faults };
  }
  return { list: readMap(tree, { path, now, bounds, entries, faults }), faults };
}

/** `tor.yaml` → `tor`, `partners/acme.yml` → `partners/acme`. */
export function defaultName(path: string): string {
  return path.replace(/\.ya?ml$/i, '').slice(0, NAME_MAX);
}

function readMap(
  map: YamlMap,
  {
    path,
    now,
    bounds,
    entries,
    faults,
  }: {
    path: string;
    now: number;
    bounds: LifetimeBounds;
    entries: Iterable<YamlNode> | undefined;
    faults: YamlFault[];
  },
): ListFile {
  // The long parts are read one by one below; here only their being there counts.
  const parts = { defaults: {}, overrides: {}, observables: [], upstream: { url: 'https://' } };
  const as = (key: string, node: YamlNode) =>
    key === 'entries_from' ? fileNames(node) : key in parts ? parts[key as keyof typeof parts] : plainValue(key, node);
  const checked = check(map, listSchema, { where: 'a list', misplaced: MISPLACED_IN_LIST, as });
  faults.push(...checked.faults);
  const text = (key: string) => textOf(findKey(map, key));
  // Where the file as a whole is wrong its parts are still looked at, so that all is told at once.
  const action: ListAction = text('action') === 'allow' ? 'allow' : 'block';
  const name = checked.value?.name ?? text('name') ?? defaultName(path);
  if ((RESERVED_LISTS as readonly string[]).includes(name)) {
    const message = `the name "${name}" belongs to what people block or allow by hand: choose another name`;
    faults.push({ code: 'reserved-name', message, ...placeOfKey(map, 'name') });
  }
  const runsOut = (checked.value?.renew ?? text('renew') !== 'false') === false;
  if (runsOut && action === 'allow') {
    const message =
      'renew: false stands on block lists only: an allow entry protects while it is listed; write "expires:" at the entry for a last day';
    faults.push({ code: 'invalid-key', message, ...placeOfKey(map, 'renew') });
  }
  const reader: Reader = { action, now, bounds, runsOut };
  const context: Context = { ...reader, faults };
  const top: YamlMap = {
    ...map,
    pairs: map.pairs.filter(({ key }) => key.text === 'lifetime' || key.text === 'disposition'),
  };
  const defaults = wordsOf(findKey(map, 'defaults'), defaultsSchema, 'defaults', context, MISPLACED_IN_DEFAULTS);
  const span = wordsOf(top, overrideSchema, 'a list', { ...context, quiet: true }, new Map());
  const upstream = readUpstreamOf(map, faults);
  const terms: Terms = {
    disposition: defaultDisposition(action),
    source: name,
    priority: upstream === undefined ? PRIORITY.list : PRIORITY.upstream,
    severity: 'Medium',
    confidence: 'High',
    tlp: 'amber',
    lifetime: runsOut ? onceOnly(defaultLifetime(bounds)) : defaultLifetime(bounds),
    ...defaults.terms,
    ...span.terms,
  };
  return {
    name,
    namePlace: placeOfKey(map, 'name'),
    action,
    channel: checked.value?.channel ?? text('channel') ?? `firewall-${action}`,
    channelPlace: placeOfKey(map, findKey(map, 'channel') === undefined ? 'action' : 'channel'),
    example: checked.value?.example ?? text('example') === 'true',
    refang: upstream?.refang ?? checked.value?.refang ?? text('refang') === 'true',
    carveOut: checked.value?.carve_out ?? text('carve_out') === 'true',
    terms,
    limits: checked.value?.limits ?? {},
    ...(upstream !== undefined && { upstream }),
    entriesFrom: readFiles(findKey(map, 'entries_from'), faults),
    overrides: readOverrides(findKey(map, 'overrides'), context),
    observables: readObservables(entries ?? itemsBelow(findKey(map, 'observables'), faults), reader),
  };
}

interface Context extends Reader {
  readonly faults: YamlFault[];
  /** The schema has been asked before and told its complaints. */
  readonly quiet?: boolean;
}

function wordsOf(
  node: YamlNode | undefined,
  schema: typeof defaultsSchema | typeof overrideSchema,
  where: string,
  { faults, quiet = false, ...reader }: Context,
  misplaced: Misplaced,
): Words & { broken?: boolean } {
  if (node === undefined || isNull(node)) return NO_WORDS;
  if (node.kind !== 'map') {
    faults.push({
      code: 'invalid-key',
      message: `${where} is a map of keys, such as { reason: "…" }`,
      line: node.line,
      column: node.column,
    });
    return { ...NO_WORDS, broken: true };
  }
  const checked = check(node, schema as typeof overrideSchema, { where, misplaced });
  if (!quiet) faults.push(...checked.faults);
  if (checked.value === undefined) return { ...NO_WORDS, broken: true };
  const { words, wrong } = readWords(checked.value, reader);
  for (const { key, message } of wrong)
    faults.push({ code: 'invalid-key', message: `${key}: ${message}`, ...placeOfKey(node, key) });
  return checked.faults.length + wrong.length > 0 ? { ...words, broken: true } : words;
}

function readOverrides(node: YamlNode | undefined, context: Context): Item[] {
  if (node === undefined || isNull(node)) return [];
  if (node.kind !== 'map') {
    const message = 'overrides is a map from values to words, such as { 203.0.113.9: { reason: "seen twice" } }';
    context.faults.push({ code: 'invalid-key', message, line: node.line, column: node.column });
    return [];
  }
  return node.pairs.map(({ key, value }) => {
    if (isNull(value)) {
      context.faults.push({
        code: 'null-key',
        message: 'an override without words: write them or remove it',
        line: key.line,
        column: key.column,
      });
    }
    const { broken, ...words } = wordsOf(value, overrideSchema, 'an override', context, MISPLACED_IN_OVERRIDE);
    return { value: key.text, words, line: key.line, column: key.column, ...(broken && { broken }) };
  });
}

function itemsBelow(node: YamlNode | undefined, faults: YamlFault[]): readonly YamlNode[] {
  if (node === undefined || isNull(node)) return [];
  if (node.kind === 'list') return node.items;
  const message = 'observables is a list: each entry on a line of its own that begins with "- "';
  faults.push({ code: 'invalid-key', message, line: node.line, column: node.column });
  return [];
}

function readObservables(nodes: Iterable<YamlNode>, reader: Reader): Iterable<Item> {
  return {
    *[Symbol.iterator]() {
      for (const node of nodes) yield readObservable(node, reader);
    },
  };
}

function readObservable(item: YamlNode, reader: Reader): Item {
  const at = { line: item.line, column: item.column };
  const nothing = { value: '', words: NO_WORDS, broken: true, ...at };
  if (item.kind === 'text') {
    if (item.alias) return nothing;
    if (!isNull(item)) return { value: item.text, words: NO_WORDS, ...at, ...numberHint(item) };
    const message = 'an entry without a value: write one after the "-" or remove the line';
    return { ...nothing, faults: [{ code: 'null-entry', message, ...at }] };
  }
  if (item.kind === 'list') {
    const message = 'an entry is a text or a map, not a list; a value that begins with "[" needs quotes';
    return { ...nothing, faults: [{ code: 'invalid-entry', message, ...at }] };
  }
  // The value stays the text that stands in the file: a hash of digits only is no number.
  const as = (key: string, node: YamlNode) =>
    key === 'value' && node.kind === 'text' ? node.text : plainValue(key, node);
  const misplaced = misplacedInEntry(item);
  const checked = check(item, entrySchema, { where: 'an entry', as, misplaced });
  // That the value is missing goes without saying where another key stands for it.
  const faults = checked.faults.filter(({ code }) => code !== 'missing-key' || misplaced.size === 0);
  const valueNode = findKey(item, 'value');
  const place = valueNode === undefined ? at : { line: valueNode.line, column: valueNode.column };
  if (checked.value === undefined)
    return { value: textOf(valueNode) ?? '', words: NO_WORDS, broken: true, faults, ...place };
  const { value, type, adopt, ...said } = checked.value;
  const { words, wrong } = readWords(said, reader);
  for (const { key, message } of wrong)
    faults.push({ code: 'invalid-key', message: `${key}: ${message}`, ...placeOfKey(item, key) });
  const alias = valueNode?.kind === 'text' && valueNode.alias === true;
  const broken = alias || checked.faults.length + wrong.length > 0;
  return {
    value: alias ? '' : value,
    words: adopt === undefined ? words : { ...words, adopt: shortIds(adopt) },
    ...place,
    ...(type !== undefined && { type }),
    ...(broken && { broken, faults }),
    ...(valueNode !== undefined && numberHint(valueNode)),
  };
}

function shortIds(adopt: string | readonly string[]): readonly string[] {
  return [adopt].flat().map(shortId);
}

/** `- evil.example: ` and `- url: evil.example` are maps, where a value was meant. */
function misplacedInEntry(item: YamlMap): Misplaced {
  const [pair] = item.pairs;
  if (item.pairs.length !== 1 || pair === undefined || pair.key.text in entrySchema.shape) return new Map();
  const hint = isNull(pair.value)
    ? 'a value that ends in ":" needs quotes'
    : 'an entry is the value alone, or { value: …, reason: … }';
  return new Map([[pair.key.text.toLowerCase(), hint]]);
}

function numberHint(node: YamlNode): { hint?: string } {
  if (node.kind !== 'text' || !node.plain || !looksLikeNumber(node.text)) return {};
  return { hint: 'without quotes YAML reads it as a number' };
}
