import { readFileSync, statSync } from 'node:fs';

/** The keys of `keys/ctr_api_keys.txt`: the names that Cisco's own scripts use. */
export const KEYS = ['ctr_client_id', 'ctr_client_password', 'host', 'host_for_token'] as const;
export type Key = (typeof KEYS)[number];

export interface KeysFile {
  values: Partial<Record<Key, string>>;
  problems: string[];
}

/** A missing file is no problem: then the embedded server is used. `shownAs` is the path as the user would type it. */
export function readKeysFile(path: string, shownAs: string): KeysFile {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return { values: {}, problems: [] };
  if (!file.isFile())
    return { values: {}, problems: [`${shownAs} is not a file; expected a text file of KEY=value lines`] };
  if ((file.mode & 0o077) !== 0) {
    const mode = (file.mode & 0o777).toString(8);
    const problem = `${shownAs} can be read by other users (mode ${mode}); it holds a password and is not used like that. Run: chmod 600 ${shownAs}`;
    return { values: {}, problems: [problem] };
  }
  try {
    return parseKeys(readFileSync(path, 'utf8'), shownAs);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    return { values: {}, problems: [`${shownAs} cannot be read (${reason}); run as the user who owns it`] };
  }
}

/**
 * `KEY=value`, one a line; spaces around both, a byte order mark, CRLF, `#` comments and quotes are tolerated. What
 * stands in the file may be a secret, so a problem names the line and never quotes it.
 */
export function parseKeys(text: string, shownAs: string): KeysFile {
  const values: KeysFile['values'] = {};
  const problems: string[] = [];
  if (text.includes('\0')) {
    return { values, problems: [`${shownAs} is not UTF-8 text (UTF-16?); save it again as UTF-8`] };
  }
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const where = `${shownAs}:${index + 1}`;
    const written = line.replace(/(^|\s)#.*$/, '').trim();
    if (written === '') continue;
    const equals = written.indexOf('=');
    if (equals === -1) {
      problems.push(`${where} has no "="; expected KEY=value with one of ${KEYS.join(', ')}, or a comment after "#"`);
      continue;
    }
    const name = written.slice(0, equals).trim();
    const key = KEYS.find((known) => known === name);
    const value = written
      .slice(equals + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2');
    if (key === undefined) {
      problems.push(`${where} has an unknown key${speakable(name)}; expected one of ${KEYS.join(', ')}`);
    } else if (values[key] !== undefined) {
      problems.push(`${where} says ${key} a second time; leave one of the lines and put "#" before the other`);
    } else {
      values[key] = value;
      if (isPlaceholder(value)) problems.push(`${where} ${key} is not filled in yet; put your own value there`);
    }
  }
  return { values, problems };
}

/** A mistyped key is worth repeating; a password that was pasted without its key is not. */
function speakable(name: string): string {
  return /^[a-z_]{1,24}$/i.test(name) ? ` "${name}"` : '';
}

function isPlaceholder(value: string): boolean {
  return value === '' || /^(<.*>|x{3,}|\.{3}|…|change-?me|your[-_ ].*)$/i.test(value);
}
