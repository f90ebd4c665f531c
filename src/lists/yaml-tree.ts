import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml';
import { quoted } from '../ctim/problem.ts';
import { placeOf, textFault } from './file-text.ts';

/**
 * A YAML file as a tree of texts with places. YAML's guesses are kept out: every scalar is the text that stands in the
 * file (schema `failsafe`), anchors, aliases, tags and directives are refused, and so is a key that stands twice.
 */
export type YamlNode = YamlText | YamlList | YamlMap;

interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlText extends Place {
  readonly kind: 'text';
  readonly text: string;
  /** Written without quotes: another reader of YAML may see a number, a boolean or null in it. */
  readonly plain: boolean;
  /** An alias: what it would stand for was not looked up, and the fault is told. */
  readonly alias?: boolean;
}

export interface YamlList extends Place {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlMap extends Place {
  readonly kind: 'map';
  readonly pairs: readonly { readonly key: YamlText; readonly value: YamlNode }[];
}

export interface YamlFault extends Place {
  readonly code: string;
  readonly message: string;
}

/** No tree where the file is empty or does not parse; faults tell why, all at once. */
export function parseYaml(text: string): { tree: YamlNode | undefined; faults: YamlFault[] } {
  const fault = textFault(text);
  if (fault !== undefined) {
    const { code, offset, message } = fault;
    return { tree: undefined, faults: [{ code, message, ...placeOf(text, offset) }] };
  }
  return parsePiece(text, (line) => line);
}

/**
 * The library reads a piece at one go and the event loop stands still meanwhile: a second or two for the largest. What
 * costs is tokens, some ten microseconds each; long texts cost little.
 */
const PIECE_CHARS_MAX = 640 * 1024;
const MARKS_MAX = 110_000;
const MARK = /[\n,[\]{}"'&*!]|[-?:](?=[\s,])/g;

/** A document by itself, though it may be cut out of a file: `lineOf` is the file's line for a line of it. */
export function parsePiece(
  text: string,
  lineOf: (line: number) => number,
): { tree: YamlNode | undefined; faults: YamlFault[] } {
  if (isTooLarge(text)) {
    const message = `${Math.ceil(text.length / 1024)} KB of YAML that can only be read in one piece, which holds at most ${PIECE_CHARS_MAX / 1024} KB and ${MARKS_MAX} signs of YAML (line ends, dashes, colons, quotes and the like): in a list, write each entry on a line of its own that begins with "- ", or move entries into a text file and name it in entries_from`;
    return { tree: undefined, faults: [{ code: 'yaml-too-large', message, line: lineOf(1), column: 1 }] };
  }
  const lines = new LineCounter();
  // `uniqueKeys` compares every key with every other: 40,000 keys take 22 s. The walk below does it with a set.
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    keepSourceTokens: false,
    lineCounter: lines,
  });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: lineOf(Math.max(line, 1)), column: Math.max(col, 1) };
  };
  const faults: YamlFault[] = [];
  if (/^%/m.test(text) && document.directives.yaml.explicit) {
    faults.push({
      code: 'yaml-directive',
      message: 'a %YAML line changes how the file is read: remove it (lists are YAML 1.2, all texts)',
      ...place(text.search(/^%/m)),
    });
  }
  faults.push(...syntaxFaults(document.errors, text, place));
  for (const warning of document.warnings) {
    faults.push({ code: 'yaml-syntax', message: sentence(warning), ...place(warning.pos[0]) });
  }
  const broken = faults.length > 0;
  const tree = document.contents === null ? undefined : read(document.contents, place, faults);
  return { tree: broken ? undefined : tree, faults: sorted(faults) };
}

/** Whether the text cannot be read in one piece. */
export function isTooLarge(text: string): boolean {
  if (text.length > PIECE_CHARS_MAX) return true;
  let marks = 0;
  MARK.lastIndex = 0;
  while (MARK.test(text)) marks++;
  return marks > MARKS_MAX;
}

/** What YAML 1.2 reads as no value. In a list it is a mistake wherever it stands. */
export function isNull(node: YamlNode): boolean {
  return node.kind === 'text' && node.plain && /^(?:|~|null|Null|NULL)$/.test(node.text);
}

function read(node: Node, place: (offset: number) => Place, faults: YamlFault[]): YamlNode {
  const at = place(node.range?.[0] ?? 0);
  if (isAlias(node)) {
    faults.push({ code: 'yaml-alias', message: aliasMessage(node.source), ...at });
    return { kind: 'text', text: `*${node.source}`, plain: false, alias: true, ...at };
  }
  const { anchor } = node as { anchor?: string };
  if (anchor !== undefined) {
    const message = `"&${anchor}" is a YAML anchor: lists hold none, so that every line says what it means; write the value out, or quote it`;
    faults.push({ code: 'yaml-anchor', message, ...at });
  }
  // Set only where the file says a tag; `!!str` is kept in its long form.
  if (node.tag !== undefined) {
    const tag = node.tag.replace(/^tag:yaml\.org,2002:/, '!!');
    faults.push({ code: 'yaml-tag', message: `${quoted(tag)} is a YAML tag: remove it, or quote the value`, ...at });
  }
  if (isScalar(node)) {
    return { kind: 'text', text: String(node.value ?? ''), plain: node.type === 'PLAIN', ...at };
  }
  if (isSeq(node)) {
    return { kind: 'list', items: node.items.map((item) => read(item as Node, place, faults)), ...at };
  }
  if (!isMap(node)) throw new Error('YAML has scalars, sequences, maps and aliases only');
  const pairs: { key: YamlText; value: YamlNode }[] = [];
  const seen = new Map<string, Place>();
  for (const pair of node.items) {
    const key = read(pair.key as Node, place, faults);
    if (key.kind !== 'text') {
      faults.push({
        code: 'yaml-key',
        message: 'a key must be a text, not a list or map',
        line: key.line,
        column: key.column,
      });
      continue;
    }
    const first = seen.get(key.text);
    if (first !== undefined) {
      const message = `the key ${quoted(key.text)} stands twice: first at line ${first.line}; keep one of them`;
      faults.push({ code: 'yaml-duplicate-key', message, line: key.line, column: key.column });
      continue;
    }
    seen.set(key.text, key);
    // `key` with nothing after it, not even a colon, in a flow map.
    const value = pair.value === null ? { ...key, text: '', plain: true } : read(pair.value as Node, place, faults);
    pairs.push({ key, value });
  }
  return { kind: 'map', pairs, ...at };
}

function aliasMessage(source: string): string {
  return source.startsWith('.')
    ? `*${source} without quotes is a YAML alias: write "*${source}" in quotes`
    : `"*${source}" is a YAML alias: lists hold none; write the value out, or quote it`;
}

/** The library's own words say what; the hint says what people meant when they ran into it. */
const HINTS: readonly { readonly code: RegExp; readonly hint: string }[] = [
  { code: /^TAB_AS_INDENT$/, hint: 'indent with blanks' },
  { code: /^MULTIPLE_DOCS$/, hint: 'one file is one list: remove the second "---" or make two files' },
  { code: /^BAD_SCALAR_START$/, hint: 'quote the value' },
  { code: /^BLOCK_AS_IMPLICIT_KEY$/, hint: 'a value with ": " in it needs quotes' },
  {
    code: /^UNEXPECTED_TOKEN$/,
    hint: 'a value that begins with [, {, *, &, ! or a quote needs quotes around all of it',
  },
  { code: /^BAD_ALIAS$/, hint: 'a value that begins with "*" needs quotes, such as "*.example.com"' },
  {
    code: /^MULTILINE_IMPLICIT_KEY$/,
    hint: 'a line that is neither a key with ":" nor an entry with "- " stands here: a comment needs "#" before it',
  },
  {
    code: /^(?:MISSING_CHAR|BAD_INDENT|BAD_COLLECTION_ITEM_IN_.*)$/,
    hint: 'look at quotes, colons and indentation here and in the line above',
  },
];

/** One slip can upset every line below it: past this many, the rest is counted. */
const SYNTAX_FAULTS_SHOWN = 10;

function syntaxFaults(errors: readonly YAMLError[], text: string, place: (offset: number) => Place): YamlFault[] {
  const faults: YamlFault[] = [];
  for (const [index, error] of errors.entries()) {
    const at = place(error.pos[0]);
    // Further errors in one line are echoes of its first.
    if (faults.at(-1)?.line === at.line) continue;
    if (faults.length === SYNTAX_FAULTS_SHOWN) {
      faults.push({
        code: 'yaml-syntax',
        message: `and ${errors.length - index} more, most of them echoes of those above`,
        ...at,
      });
      break;
    }
    const around = text.slice(error.pos[0], error.pos[0] + 80).split('\n', 1)[0] ?? '';
    const hint =
      HINTS.find((row) => row.code.test(error.code))?.hint ??
      'look at quotes, colons and indentation here and in the line above';
    faults.push({ code: 'yaml-syntax', message: `no YAML at ${quoted(around)}: ${sentence(error)}; ${hint}`, ...at });
  }
  return faults;
}

function sentence(error: YAMLError): string {
  return error.message.charAt(0).toLowerCase() + error.message.slice(1);
}

function sorted(faults: YamlFault[]): YamlFault[] {
  return faults.sort((a, b) => a.line - b.line || a.column - b.column);
}
