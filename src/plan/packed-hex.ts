const NO_DIGIT = 255;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

/** Writes so many bytes from their digits; false where one is no digit, or a capital, which would come back as another text. */
export function packHex(text: string, from: number, count: number, bytes: Uint8Array, at: number): boolean {
  for (let n = 0; n < count; n++) {
    const high = DIGITS[text.charCodeAt(from + 2 * n)] ?? NO_DIGIT;
    const low = DIGITS[text.charCodeAt(from + 2 * n + 1)] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) return false;
    bytes[at + n] = (high << 4) | low;
  }
  return true;
}

const UUID_CHARS = 36;
const HYPHEN = 0x2d;
/** Of the groups of a uuid: bytes, and where their digits begin. */
const GROUPS = [
  { bytes: 4, at: 0, digits: 0 },
  { bytes: 2, at: 4, digits: 9 },
  { bytes: 2, at: 6, digits: 14 },
  { bytes: 2, at: 8, digits: 19 },
  { bytes: 6, at: 10, digits: 24 },
] as const;

/**
 * Writes the uuid that ids of CTIA end with (`https://…/ctia/judgement/judgement-<uuid>`) in its 16 bytes, and gives what
 * stands before it; undefined where an id ends otherwise. The ids of a million judgements and links are 200 MB as texts.
 */
export function packUuid(id: string, bytes: Uint8Array, at: number): string | undefined {
  const start = id.length - UUID_CHARS;
  if (start < 0) return undefined;
  for (const group of GROUPS) {
    if (group.digits > 0 && id.charCodeAt(start + group.digits - 1) !== HYPHEN) return undefined;
    if (!packHex(id, start + group.digits, group.bytes, bytes, at + group.at)) return undefined;
  }
  return id.slice(0, start);
}

export function unpackUuid(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
