import { textFault } from './file-text.ts';
import { isTooLarge, parsePiece, parseYaml, type YamlFault, type YamlNode, type YamlText } from './yaml-tree.ts';

/**
 * A list file, read so that a million entries neither stop the event loop nor cost a tree of a million nodes. The library
 * reads a document in one piece, about a second for each MB; but where `observables:` is a block sequence, a line that
 * begins with "- " at its indentation begins an entry, whatever stands before: it ends every scalar and block that is open
 * (one that may not end there, such as a quote, is a mistake). So the file is cut at such lines:
 *
 * | part                                              | read by                                             |
 * |---------------------------------------------------|-----------------------------------------------------|
 * | what stands before and after the entries          | the library, with one entry instead of all of them  |
 * | entries that are one plain value on a line        | a regular expression                                |
 * | all other entries                                 | the library, some kilobytes at a time               |
 *
 * That the cut was right is seen afterwards: each part parses by itself, and holds exactly the entries that were counted.
 * If not, the whole file is the library's, in one piece. The size of a piece is bounded (`isTooLarge`); mistakes in larger
 * files are told as the parts tell them.
 */
export interface YamlListFile {
  readonly tree: YamlNode | undefined;
  /** What stands below `observables:`, where the tree has but one entry in its place. Read anew by each iteration. */
  readonly entries?: Iterable<YamlNode>;
  readonly faults: YamlFault[];
}

export async function parseYamlList(text: string, pause: () => Promise<void>): Promise<YamlListFile> {
  const cut = textFault(text) === undefined ? await cutEntries(text, pause) : undefined;
  if (cut === undefined) return parseYaml(text);
  const around = readAround(text, cut);
  const faults = around.faults;
  let understood = around.understood;
  const fitsOnePiece = !isTooLarge(text);
  const nodes = new Map<Segment, readonly YamlNode[]>();
  for (const segment of cut.segments) {
    if (segment.plain) continue;
    await pause();
    const read = readSegment(text, segment, cut.indent);
    faults.push(...read.faults);
    understood &&= read.understood;
    if (!understood && (fitsOnePiece || faults.length >= FAULTS_ENOUGH)) break;
    nodes.set(segment, read.items);
  }
  if (!understood) {
    await pause();
    // In a file that is too large for one piece the faults of its parts have the right places, and say what to mend.
    if (fitsOnePiece || faults.length === 0) return parseYaml(text);
    return { tree: undefined, faults: faults.sort(byPlace) };
  }
  return {
    tree: around.tree,
    entries: { [Symbol.iterator]: () => entriesOf(text, cut, nodes) },
    faults: faults.sort(byPlace),
  };
}

const FAULTS_ENOUGH = 10;
/** So much text of entries with words is read between two pauses: some ten milliseconds. */
const WINDOW_CHARS = 8 * 1024;
/** Lines between two pauses: some milliseconds. */
const SLICE = 10_000;

/** Neighbouring entries of one kind, with the comments and blank lines below them. */
interface Segment {
  readonly plain: boolean;
  readonly start: number;
  end: number;
  /** Of its first entry, from 1. */
  readonly line: number;
  count: number;
}

interface Cut {
  readonly indent: number;
  /** Of the first entry. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly linesAfter: number;
  readonly segments: readonly Segment[];
}

const KEY = /^observables: *(?:(?<= )#[^\n]*)?\r?\n/m;
/** Neither an entry nor part of one. Tabs, controls and the lines of Unicode are left to the library. */
const SPACE = / *(?:#[ -~\u00a0-\u1fff]*)?(?:\r?\n|$)/y;
/** Where the entries end: nothing, or another key of the file. After all else the library says what it is. */
const AFTER = /$|[a-z_]+:(?: [^\n]*)?(?:\r?\n|$)/y;

/**
 * A letter or digit first and no colon last: then nothing in it means anything to YAML, not even `#`, which stands after
 * a blank where it begins a comment. With blanks, quotes or other letters in it, it is the library's.
 */
function plainEntry(indent: number): RegExp {
  return new RegExp(
    `${' '.repeat(indent)}-( +)([A-Za-z0-9][!-~]*(?<!:)) *(?:(?<= )#[ -~\\u00a0-\\u1fff]*)?(?:\\r?\\n|$)`,
    'y',
  );
}

async function cutEntries(text: string, pause: () => Promise<void>): Promise<Cut | undefined> {
  const key = KEY.exec(text);
  if (key === null) return undefined;
  let at = key.index + key[0].length;
  let line = 1;
  for (let newline = text.indexOf('\n'); newline >= 0 && newline < at; newline = text.indexOf('\n', newline + 1))
    line++;
  for (; at < text.length && matches(SPACE, text, at); at = SPACE.lastIndex) line++;
  const indent = /^( *)-(?: |\r?\n|$)/.exec(text.slice(at, at + INDENT_MAX))?.[1]?.length;
  if (indent === undefined) return undefined;
  const begins = { start: at, line };

  const plain = plainEntry(indent);
  const entry = new RegExp(`${' '.repeat(indent)}-(?: |\\r?\\n|$)`, 'y');
  const below = new RegExp(` *(?:#|\\r?\\n|$)|${' '.repeat(indent + 1)}`, 'y');
  const segments: Segment[] = [];
  // Whether an entry is plain is known only where the next one begins: a deeper line would go on with it.
  let open: Segment | undefined;
  const close = (end: number) => {
    if (open === undefined) return;
    open.end = end;
    const last = segments.at(-1);
    if (last?.plain === open.plain && (open.plain || end - last.start <= WINDOW_CHARS)) {
      last.end = end;
      last.count++;
    } else {
      segments.push(open);
    }
  };
  for (; at < text.length; line++) {
    if (matches(plain, text, at)) {
      close(at);
      open = { plain: true, start: at, end: at, line, count: 1 };
      at = plain.lastIndex;
    } else if (matches(entry, text, at)) {
      close(at);
      open = { plain: false, start: at, end: at, line, count: 1 };
      at = lineEnd(text, at);
    } else if (matches(SPACE, text, at)) {
      at = SPACE.lastIndex;
    } else if (matches(below, text, at)) {
      if (open?.plain) open = { ...open, plain: false };
      at = lineEnd(text, at);
    } else {
      break;
    }
    if (line % SLICE === 0) await pause();
  }
  close(at);
  if (!matches(AFTER, text, at)) return undefined;
  return { indent, ...begins, end: at, linesAfter: line - 1, segments };
}

/** No list is indented deeper. */
const INDENT_MAX = 100;

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}

/** Stands for all the entries. */
const STAND_IN = 'x';

function readAround(
  text: string,
  { indent, line, start, end, linesAfter }: Cut,
): Read & { tree: YamlNode | undefined } {
  const standIn = `${' '.repeat(indent)}- ${STAND_IN}\n`;
  const { tree, faults } = parsePiece(text.slice(0, start) + standIn + text.slice(end), (found) =>
    found <= line ? found : found - line + linesAfter,
  );
  const pair = tree?.kind === 'map' ? tree.pairs.find(({ key }) => key.text === 'observables') : undefined;
  const items = pair?.value.kind === 'list' ? pair.value.items : [];
  const [item] = items;
  const understood =
    pair?.key.column === 1 &&
    items.length === 1 &&
    item?.kind === 'text' &&
    item.text === STAND_IN &&
    item.line === line;
  return { tree, faults, understood, items };
}

interface Read {
  readonly items: readonly YamlNode[];
  readonly faults: YamlFault[];
  readonly understood: boolean;
}

function readSegment(text: string, { start, end, line, count }: Segment, indent: number): Read {
  const { tree, faults } = parsePiece(
    `observables:\n${text.slice(start, end)}`,
    (found) => Math.max(found, 2) + line - 2,
  );
  const value = tree?.kind === 'map' && tree.pairs.length === 1 ? tree.pairs[0]?.value : undefined;
  const items = value?.kind === 'list' && value.column === indent + 1 ? value.items : [];
  return { items, faults, understood: items.length === count };
}

function* entriesOf(text: string, cut: Cut, nodes: ReadonlyMap<Segment, readonly YamlNode[]>): Generator<YamlNode> {
  const plain = plainEntry(cut.indent);
  for (const segment of cut.segments) {
    if (segment.plain) yield* plainEntries(text, segment, plain, cut.indent);
    else yield* nodes.get(segment) ?? [];
  }
}

function* plainEntries(
  text: string,
  { start, end, line: first }: Segment,
  plain: RegExp,
  indent: number,
): Generator<YamlText> {
  let at = start;
  for (let line = first; at < end; line++) {
    plain.lastIndex = at;
    const found = plain.exec(text);
    if (found === null) {
      at = lineEnd(text, at);
      continue;
    }
    at = plain.lastIndex;
    const [, blanks = '', value = ''] = found;
    yield { kind: 'text', text: value, plain: true, line, column: indent + 2 + blanks.length };
  }
}

function byPlace(a: YamlFault, b: YamlFault): number {
  return a.line - b.line || a.column - b.column;
}
