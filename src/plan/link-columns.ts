import type { ActualLink } from './actual.ts';
import { makeDesk, makeHashKeys } from './hash-keys.ts';
import { packHex, packUuid, unpackUuid } from './packed-hex.ts';

/** A link, and the h that its own id tells. */
export interface FoundLink {
  readonly h: string;
  readonly link: ActualLink;
}

/**
 * Links that were read before the judgements that they begin at: a million wait for theirs, in 80 bytes each. What does not
 * fit is kept as it is: a second link of one judgement, an id without a uuid.
 */
export interface LinkColumns {
  add(source: string, found: FoundLink): void;
  /** Those that begin at this judgement; from now on they are not here. */
  take(source: string): FoundLink[];
  /** Those that nobody took. */
  rest(): Generator<FoundLink>;
}

interface Kind {
  readonly source: string;
  readonly id: string;
  readonly target: string;
  readonly tlp: ActualLink['tlp'];
}

const UUID_BYTES = 16;
const DESK = makeDesk(UUID_BYTES);
/** Of a row: its kind and generation, the h, and the uuid of its id. */
const [KIND, G, H, ID, WORDS] = [0, 1, 2, 10, 14] as const;
const BYTES_OF_WORD = 4;
const H_BYTES = 32;
const PIECE = 2 ** 14;
const TAKEN = -1;

export function makeLinkColumns(): LinkColumns {
  const sources = makeHashKeys(DESK);
  const pieces: { words: Int32Array; bytes: Buffer }[] = [];
  const kinds: Kind[] = [];
  const numbers = new Map<string, number>();
  const odd = new Map<string, FoundLink[]>();

  function numberOf(kind: Kind): number {
    const key = JSON.stringify(kind);
    const number = numbers.get(key) ?? kinds.push(kind) - 1;
    numbers.set(key, number);
    return number;
  }

  function pieceOf(n: number) {
    return pieces[Math.floor(n / PIECE)] as (typeof pieces)[number];
  }

  function fits(source: string, { h, link }: FoundLink): boolean {
    const prefix = packUuid(source, DESK.bytes, 0);
    if (prefix === undefined || h.length !== H_BYTES * 2 || sources.find() >= 0) return false;
    const n = sources.size;
    if (n % PIECE === 0 && pieces.length === n / PIECE) {
      const memory = new ArrayBuffer(PIECE * WORDS * BYTES_OF_WORD);
      pieces.push({ words: new Int32Array(memory), bytes: Buffer.from(memory) });
    }
    const { words, bytes } = pieceOf(n);
    const at = (n % PIECE) * WORDS;
    const id = packUuid(link.id, bytes, (at + ID) * BYTES_OF_WORD);
    if (id === undefined || !packHex(h, 0, H_BYTES, bytes, (at + H) * BYTES_OF_WORD)) return false;
    words[at + KIND] = numberOf({ source: prefix, id, target: link.target, tlp: link.tlp });
    words[at + G] = link.g;
    sources.add();
    return true;
  }

  function made(n: number, { id, target, tlp }: Kind): FoundLink {
    const { words, bytes } = pieceOf(n);
    const at = (n % PIECE) * WORDS;
    const h = (at + H) * BYTES_OF_WORD;
    return {
      h: bytes.toString('hex', h, h + H_BYTES),
      link: { id: id + unpackUuid(bytes, (at + ID) * BYTES_OF_WORD), g: words[at + G] as number, target, tlp },
    };
  }

  return {
    add(source, found) {
      if (fits(source, found)) return;
      const those = odd.get(source);
      if (those) those.push(found);
      else odd.set(source, [found]);
    },
    take(source) {
      const more = odd.get(source) ?? [];
      odd.delete(source);
      const prefix = packUuid(source, DESK.bytes, 0);
      const n = prefix === undefined ? -1 : sources.find();
      if (n < 0) return more;
      const { words } = pieceOf(n);
      const at = (n % PIECE) * WORDS + KIND;
      const kind = kinds[words[at] as number];
      if (kind === undefined || kind.source !== prefix) return more;
      words[at] = TAKEN;
      return [made(n, kind), ...more];
    },
    *rest() {
      for (let n = 0; n < sources.size; n++) {
        const kind = kinds[pieceOf(n).words[(n % PIECE) * WORDS + KIND] as number];
        if (kind !== undefined) yield made(n, kind);
      }
      for (const those of odd.values()) yield* those;
    },
  };
}
