import type { AccessLine } from './access-log.ts';

/** Where a rule may look. */
export const FIELDS = ['path', 'query', 'user_agent', 'referer'] as const;
export type Field = (typeof FIELDS)[number];

/** What a request says in each field, as it was sent. */
export function sentIn(line: AccessLine): Readonly<Record<Field, string>> {
  const target = line.target ?? targetOf(line.request);
  const question = target.indexOf('?');
  return {
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? '' : target.slice(question + 1),
    user_agent: line.userAgent ?? '',
    referer: line.referer ?? '',
  };
}

/** A request line that is none (blanks in the target, no protocol) is looked at all the same: servers differ in what they take. */
function targetOf(request: string): string {
  return request.replace(/^[A-Z]{3,20} /, '').replace(/ HTTP\/[\d.]+$/, '');
}

/** In these a plus sign is a blank. */
const HAS_QUERY: ReadonlySet<Field> = new Set(['query', 'referer']);

/**
 * One text in stages, joined by line feeds (none is left in a stage), so that a rule may look for the disguise and for what
 * it hides. A text without anything to undo is one stage and costs one look.
 *
 *   as sent                    %252e%252e%2fetc         u%6eion/**∕select        $%7Bjndi
 *   percent signs undone       %2e%2e/etc               union/**∕select          ${${lower:j}ndi
 *   again, four times at most  ../etc
 *   folded                                              union select             ${jndi
 */
export function stagesOf(sent: string, field: Field): string {
  if (!DISGUISE.test(sent)) return sent.toLowerCase();
  let text = cut(HAS_QUERY.has(field) && sent.includes('+') ? sent.replaceAll('+', ' ') : sent);
  const stages = [cut(sent)];
  for (let round = 0; round < DECODINGS_MAX && text.includes('%'); round++) {
    const decoded = percentDecoded(text);
    if (decoded === text) break;
    stages.push(decoded);
    text = decoded;
  }
  const folds = folded(text);
  return [...stages, ...folds].map(oneLine).filter(isFirst).join('\n').toLowerCase();
}

const DECODINGS_MAX = 4;

/** What one stage may hold. A line is no longer than this, and folding must not blow one up. */
const STAGE_CHARS_MAX = 64 * 1024;

/** Whatever a stage could undo. A blank is no disguise, and neither are marks that stand in every query. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const DISGUISE = /[%+\\\x00-\x1f\x7f-\uffff]|&(?:#|\w{2,7};)|\/\*|\*\/|\$| {2}/;

function cut(text: string): string {
  return text.length > STAGE_CHARS_MAX ? text.slice(0, STAGE_CHARS_MAX) : text;
}

/** A line feed ends a command of a shell, so rules see it, by its picture. */
function oneLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replace(/\r\n?|\n/g, '\u2424') : text;
}

function isFirst(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index;
}

/** `%41`, `%u0041` and bytes of UTF-8, overlong ones too; what is no escape stays. */
function percentDecoded(text: string): string {
  return text.replace(ESCAPES, (run: string) => {
    const bytes: number[] = [];
    let out = '';
    for (let at = 0; at < run.length; ) {
      if (run[at + 1] === 'u' || run[at + 1] === 'U') {
        out += utf8(bytes) + String.fromCharCode(Number.parseInt(run.slice(at + 2, at + 6), 16));
        bytes.length = 0;
        at += 6;
      } else {
        bytes.push(Number.parseInt(run.slice(at + 1, at + 3), 16));
        at += 3;
      }
    }
    return out + utf8(bytes);
  });
}

const ESCAPES = /(?:%[0-9a-f]{2}|%u[0-9a-f]{4})+/gi;

/**
 * Bytes as a careless server reads them: `C0 AF` and `E0 80 AF` are an overlong `/`, after C0 and C1 any byte does
 * (`C0 2F`), and what is no UTF-8 at all is Latin-1.
 */
function utf8(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const more = first >= 0xf0 && first <= 0xf7 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    const rest = bytes.slice(at + 1, at + 1 + more);
    const isSequence = first >= 0xc0 && first <= 0xf7 && rest.length === more && (first <= 0xc1 || rest.every(isTail));
    if (!isSequence) {
      text += String.fromCharCode(first);
      at++;
      continue;
    }
    const code = rest.reduce((sum, byte) => sum * 64 + (byte & 0x3f), first & (0x3f >> more));
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    at += 1 + more;
  }
  return text;
}

function isTail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}

/**
 * What interpreters behind the server take as the same. The second text is there where something was in comments: as a
 * blank it joins words (`union/**∕select`), as itself it may be the attack (`/*<script>*∕`).
 */
function folded(text: string): string[] {
  let folded = text;
  if (/[\x80-\uffff]/.test(folded)) folded = cut(withoutOverlong(folded).normalize('NFKC')).replace(LOOK_ALIKES, alike);
  if (folded.includes('&')) folded = folded.replace(ENTITIES, entity);
  if (folded.includes('\\')) folded = folded.replace(SCRIPT_ESCAPES, scriptEscape);
  if (folded.includes('${')) folded = withoutLookups(folded);
  if (/\$\{?ifs/i.test(folded)) folded = folded.replace(/\$\{ifs[^}\n]{0,20}\}|\$ifs(?:\$\d)?/gi, ' ');
  folded = folded.replaceAll('\0', '');
  if (!/\/\*|\*\//.test(folded)) return [blanks(folded)];
  const bare = folded.replace(/\/\*!?\d{0,6}|\*\//g, ' ');
  return [blanks(withoutComments(folded)), blanks(bare)];
}

function blanks(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it undoes
  return text.replace(/[\x00-\x20\x7f\xa0]+/g, ' ');
}

/** Raw bytes that a server logged as `\xc0\xae` were read as Latin-1. */
function withoutOverlong(text: string): string {
  return text.replace(/[\xc0\xc1][\x80-\xbf]/g, (pair) =>
    String.fromCharCode((pair.charCodeAt(0) & 1) * 64 + (pair.charCodeAt(1) & 0x3f)),
  );
}

/** Slashes, dots, quotes and angles that databases and file systems have been seen to take for ASCII. NFKC did the full-width ones. */
const ALIKE: Readonly<Record<string, string>> = {
  ...{ '\u2044': '/', '\u2215': '/', '\u29f8': '/', '\u2216': '\\', '\u29f5': '\\', '\u3002': '.', '\u2024': '.' },
  ...{ '\u02b9': "'", '\u02bc': "'", '\u2018': "'", '\u2019': "'", '\u2032': "'", '\u02ba': '"', '\u201c': '"' },
  ...{ '\u201d': '"', '\u2039': '<', '\u203a': '>', '\u2329': '<', '\u232a': '>', '\u3008': '<', '\u3009': '>' },
};
const LOOK_ALIKES = new RegExp(`[${Object.keys(ALIKE).join('')}]`, 'g');

function alike(sign: string): string {
  return ALIKE[sign] ?? sign;
}

const ENTITIES =
  /&(?:#x0{0,8}([0-9a-f]{1,5})|#0{0,8}(\d{1,6})|(lt|gt|quot|apos|amp|sol|bsol|colon|lpar|rpar|tab|newline|period|excl)(?=;));?/gi;
const ENTITY_NAMES: Readonly<Record<string, string>> = {
  ...{ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', sol: '/', bsol: '\\', colon: ':' },
  ...{ lpar: '(', rpar: ')', tab: ' ', newline: ' ', period: '.', excl: '!' },
};

function entity(whole: string, hex: string | undefined, decimal: string | undefined, name: string | undefined): string {
  if (name !== undefined) return ENTITY_NAMES[name.toLowerCase()] ?? whole;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

const SCRIPT_ESCAPES = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{0{0,8}([0-9a-f]{1,5})\})/gi;

function scriptEscape(whole: string, x?: string, u?: string, braced?: string): string {
  const code = Number.parseInt(x ?? u ?? braced ?? '', 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

/** `${lower:j}`, `${::-n}`, `${env:X:-d}`: log4j takes the innermost first, so does this, round by round. */
function withoutLookups(text: string): string {
  let before = text;
  for (let round = 0; round < LOOKUPS_DEEP; round++) {
    const after = before.replace(LOOKUP, (_, plain: string | undefined, fallback: string | undefined) => {
      return plain ?? fallback ?? '';
    });
    if (after === before) break;
    before = after;
  }
  return before;
}

const LOOKUPS_DEEP = 6;
const LOOKUP =
  /\$\{(?:(?:lower|upper|base64):([^${}\n]{0,200})|(?:[a-z]{0,12}:)?[^${}:\n]{0,40}:{0,2}-([^${}\n]{0,200})|date:'([^${}'\n]{0,40})')\}/gi;

/** `/*!50000union*∕` is run by MySQL, so its words stay; one that is not closed goes on to the end for MySQL, and stays here. */
function withoutComments(text: string): string {
  let out = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('/*', at);
    const close = open < 0 ? -1 : text.indexOf('*/', open + 2);
    if (close < 0) return out + text.slice(at);
    const inner = text.slice(open + 2, close);
    out += `${text.slice(at, open)} ${inner.startsWith('!') ? inner.replace(/^!\d{0,6}/, '') : ''} `;
    at = close + 2;
  }
}
