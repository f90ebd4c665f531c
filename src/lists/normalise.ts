import type { Observable, ObservableType } from '../ctim/observable.ts';
import { quoted } from '../ctim/problem.ts';
import { formatV4, formatV6, isV4, isV6, parseV4, v4Range, v6Bits, v6Groups, v6Range, v6Text } from './address.ts';
import { domainOf } from './domain.ts';
import { formatHint } from './foreign-format.ts';
import { urlOf } from './url.ts';

/** Why a text is no observable, or what is worth saying although it is one. `code` becomes the problem's code. */
export interface Remark {
  readonly code: string;
  readonly message: string;
}

/** One text in its one normal form (docs/lists.md has the table), or the reason why it has none. */
export type Normalised = { readonly observable: Observable; readonly notice?: Remark } | { readonly refused: Remark };

export interface NormaliseOptions {
  /** The type that the list says; what the text is must agree with it. */
  readonly type?: ObservableType | undefined;
  /** The list says `refang: true`: `hxxp` and `[.]` are read as what they stand for. */
  readonly refang?: boolean;
}

/** Longer than any URL that a browser or firewall takes. */
const VALUE_MAX = 8192;

/** Blanks, controls and characters that nobody sees: UTS 46 and `new URL` would drop some of them without a word. */
const INVISIBLE =
  /\p{White_Space}|\p{Cc}|\p{Cf}|\p{Cs}|\p{Variation_Selector}|[\u115f\u1160\u3164\uffa0\ufffd]|\u034f/u;
const DEFANGED = /^hxxp|\[\.\]|\(\.\)|\[dot\]|\(dot\)|\[:\]|\[:\/\/\]|\[@\]|\[at\]/i;

export function normalise(text: string, { type, refang = false }: NormaliseOptions = {}): Normalised {
  if (type === undefined && isV4(text)) return { observable: { type: 'ip', value: text } };
  const result = read(text, type, refang);
  if (!('refused' in result)) return result;
  const hint = formatHint(text);
  const { code, message } = result.refused;
  return hint === undefined ? result : refuse(code, `${message}; ${hint}`);
}

function read(text: string, type: ObservableType | undefined, refang: boolean): Normalised {
  if (text === '') return refuse('invalid-value', 'the value is empty: write an address, name, URL or hash');
  if (text.length > VALUE_MAX) {
    return refuse('invalid-value', `the value has ${text.length} characters, more than any address, name, URL or hash`);
  }
  // A file name may hold blanks; nothing else may.
  const invisible = type === 'file_name' ? null : INVISIBLE.exec(text);
  if (invisible !== null) return refuse('invalid-characters', invisibleMessage(text, invisible[0]));
  if (DEFANGED.test(text)) {
    if (refang) return read(refanged(text), type, false);
    return refuse(
      'invalid-defanged',
      `${quoted(text)} is defanged: write it as it is, or say refang: true in the list to have hxxp and [.] read so`,
    );
  }
  if (type === undefined) return detect(text);
  const said = PARSERS[type](text);
  if (!('refused' in said)) return said;
  const detected = detect(text);
  if ('refused' in detected || detected.observable.type === type) return said;
  return refuse(
    'invalid-type',
    `the entry says type ${type}, but ${quoted(text)} is of type ${detected.observable.type}: correct the type or leave it out`,
  );
}

const PARSERS: Readonly<Record<ObservableType, (text: string) => Normalised>> = {
  ip: (text) => ofType('ip', addressOf(text)),
  ipv6: (text) => ofType('ipv6', addressOf(text)),
  domain: domainOf,
  url: urlOf,
  sha256: (text) => hashOf('sha256', 64, text),
  sha1: (text) => hashOf('sha1', 40, text),
  md5: (text) => hashOf('md5', 32, text),
  email: emailOf,
  hostname: hostnameOf,
  file_name: fileNameOf,
};

const HASH_TYPES: Readonly<Record<number, 'md5' | 'sha1' | 'sha256'>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
const HEX = /^[0-9a-f]+$/i;

/** A name that ends so is a file: none of these is a top-level domain. */
const FILE_NAME =
  /^[^/\\:@]+\.(?:exe|dll|sys|scr|bat|cmd|vbs|vbe|jse|wsf|ps1|psm1|hta|lnk|msi|iso|img|jar|apk|doc|docx|docm|xls|xlsx|xlsm|ppt|pptx|rtf|pdf|rar|7z|gz|tar|txt|log|png|jpg|jpeg|gif|php|aspx?|jsp|html?)$/i;

/** The table of what text looks like; the first row that fits decides, and what it refuses is refused. */
function detect(text: string): Normalised {
  if (text.includes('://')) return urlOf(text);
  const hash = HASH_TYPES[text.length];
  if (hash !== undefined && HEX.test(text)) return hashOf(hash, text.length, text);
  if (text.includes(':') || /^[0-9.]+(?:[/-][0-9.]*)?$/.test(text)) return addressOf(text);
  if (text.includes('/')) {
    return refuse(
      'invalid-url',
      `${quoted(text)} has a path but no scheme: write the URL whole, such as ${quoted(`http://${text}`)}, or the name alone if all of it is meant`,
    );
  }
  if (text.includes('@')) return emailOf(text);
  if (FILE_NAME.test(text)) return fileNameOf(text);
  return domainOf(text);
}

function addressOf(text: string): Normalised {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const v4 = parseV4(address);
  const groups = v4 === undefined ? v6Groups(address) : undefined;
  // Nearly every address of a long list.
  if (slash < 0 && groups !== undefined && groups[5] !== 0xffff)
    return { observable: { type: 'ipv6', value: v6Text(groups) } };
  const v6 = groups && v6Bits(groups);
  if (v4 === undefined && v6 === undefined) return refuse('invalid-address', addressMessage(text, address));
  const width = v4 === undefined ? 128 : 32;
  const prefix = slash < 0 ? width : prefixOf(text.slice(slash + 1), width);
  if (prefix === undefined) {
    return refuse(
      'invalid-address',
      `${quoted(text)}: after the slash stands the number of network bits, 0 to ${width}, without leading zeros or a netmask`,
    );
  }
  if (v4 !== undefined)
    return rangeObservable(
      'ip',
      v4Range(v4, prefix).first === v4,
      formatV4(Number(v4Range(v4, prefix).first)),
      prefix,
      text,
    );
  if (v6 === undefined) throw new Error('an address is either IPv4 or IPv6');
  // A packet to a mapped address is an IPv4 packet, and no IPv6 rule ever sees it. https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
  if (v6 >> 32n === 0xffffn && prefix >= 96) {
    const mapped = v4Range(Number(v6 & 0xffff_ffffn), prefix - 96);
    const value = rangeValue(formatV4(Number(mapped.first)), prefix - 96, 32);
    return {
      observable: { type: 'ip', value },
      notice: {
        code: 'mapped-address',
        message: `${quoted(text)} is the IPv4 ${slash < 0 ? 'address' : 'range'} ${value} in IPv6 clothes (v4-mapped), and is published as ${value}`,
      },
    };
  }
  const first = v6Range(v6, prefix).first;
  return rangeObservable('ipv6', first === v6, formatV6(BigInt(first)), prefix, text);
}

function rangeObservable(type: 'ip' | 'ipv6', exact: boolean, first: string, prefix: number, text: string): Normalised {
  const value = rangeValue(first, prefix, type === 'ip' ? 32 : 128);
  const observable: Observable = { type, value };
  if (exact) return { observable };
  const message = `${quoted(text)} has host bits: all of ${value} is published; write one address without the slash if only that is meant`;
  return { observable, notice: { code: 'host-bits', message } };
}

/** /32 and /128 are addresses: one value must not stand twice in a feed. */
function rangeValue(first: string, prefix: number, width: number): string {
  return prefix === width ? first : `${first}/${prefix}`;
}

function prefixOf(text: string, width: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined;
  return Number(text) <= width ? Number(text) : undefined;
}

function addressMessage(text: string, address: string): string {
  const [, host, port] = /^(.*):([0-9]{1,5})$/.exec(address) ?? [];
  if (host !== undefined && port !== undefined) {
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    if (isV4(bare) || (host.startsWith('[') && isV6(bare)) || 'observable' in domainOf(host)) {
      return `${quoted(text)} has a port, which feeds cannot say: write ${quoted(bare)} to block every port of it, or the whole URL with its scheme`;
    }
  }
  if (address.includes('%'))
    return `${quoted(text)} has a zone id, which means something on one machine only: leave it out`;
  if (/^\[.*\]$/.test(address))
    return `${quoted(text)} is in brackets, which belong to URLs: write the IPv6 address without them`;
  if (/-/.test(text))
    return `${quoted(text)} is a range from-to, or no address: write a range as CIDR, such as 198.51.100.0/24`;
  if (/^[0-9]+(?:\.[0-9]+)?$/.test(address)) {
    return `${quoted(text)} is a number, not an observable: an IPv4 address has four parts; short forms are refused, never reinterpreted`;
  }
  if (/^[0-9.]+$/.test(address) && /(?:^|\.)0[0-9]/.test(address)) {
    return `${quoted(text)} has leading zeros, which some programs read as octal: write each part as a plain number from 0 to 255`;
  }
  return `${quoted(text)} is no address: IPv4 is four numbers from 0 to 255, IPv6 eight groups or fewer with one "::"${address.includes(':') && !/^[0-9a-f:.]*$/i.test(address) ? '; a URL needs its scheme, such as http://' : ''}`;
}

function ofType(type: ObservableType, result: Normalised): Normalised {
  if ('refused' in result || result.observable.type === type) return result;
  const { observable, notice } = result;
  const why = notice?.code === 'mapped-address' ? ` (${notice.message})` : '';
  return refuse(
    'invalid-type',
    `the entry says type ${type}, but ${quoted(observable.value)} is of type ${observable.type}${why}: correct the type or leave it out`,
  );
}

function hashOf(type: 'md5' | 'sha1' | 'sha256', length: number, text: string): Normalised {
  if (text.length === length && HEX.test(text)) return { observable: { type, value: text.toLowerCase() } };
  return refuse(
    'invalid-hash',
    `${quoted(text)} is no ${type}: it has ${text.length} characters where ${length} hexadecimal digits are expected`,
  );
}

function emailOf(text: string): Normalised {
  const at = text.lastIndexOf('@');
  const host = domainOf(text.slice(at + 1));
  // The part before the @ may be case-sensitive, so it stays as written. https://www.rfc-editor.org/rfc/rfc5321#section-2.4
  if (at < 1 || at > 64 || /[@"(),:;<>[\\\]]/.test(text.slice(0, at)) || 'refused' in host) {
    return refuse('invalid-email', `${quoted(text)} is no e-mail address: expected is name@domain`);
  }
  return { observable: { type: 'email', value: `${text.slice(0, at)}@${host.observable.value}` } };
}

function hostnameOf(text: string): Normalised {
  if (/^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i.test(text))
    return { observable: { type: 'hostname', value: text.toLowerCase() } };
  const name = domainOf(text);
  return 'refused' in name ? name : { observable: { type: 'hostname', value: name.observable.value } };
}

function fileNameOf(text: string): Normalised {
  if (/[\p{Cc}/\\]/u.test(text) || text.length > 255) {
    return refuse(
      'invalid-file-name',
      `${quoted(text)} is no file name: it has a path or control characters, or more than 255 characters`,
    );
  }
  return { observable: { type: 'file_name', value: text } };
}

function refanged(text: string): string {
  return text
    .replace(/^hxxp/i, 'http')
    .replace(/\[:\/\/\]/g, '://')
    .replace(/\[:\]/g, ':')
    .replace(/\[\.\]|\(\.\)|\[dot\]|\(dot\)/gi, '.')
    .replace(/\[@\]|\[at\]/gi, '@');
}

function invisibleMessage(text: string, character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return `${quoted(text)} contains ${code}, which no observable has: write one observable a line; a remark needs " #" before it`;
}

function refuse(code: string, message: string): Normalised {
  return { refused: { code, message } };
}
