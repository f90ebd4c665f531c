import type { Observable } from '../ctim/observable.ts';
import { type SourceFormat, sourceItems } from './formats/formats.ts';
import { normalise } from './normalise.ts';

/** Each line, or value of a JSON document, is exactly one of these. */
export interface SourceCounts {
  /** Observables, of the type that is asked for where one is. */
  readonly taken: number;
  readonly comments: number;
  readonly blanks: number;
  /** Of another type, or nothing that a feed can say. */
  readonly leftOut: number;
  readonly invalid: number;
}

/** A source's text, looked at as a whole: what is in it, and whether it is what it should be. */
export interface Survey {
  readonly counts: SourceCounts;
  /** In normal form. */
  readonly values: ReadonlySet<string>;
  /** The first few. */
  readonly invalid: readonly { readonly line: number; readonly message: string }[];
  /** What stands last, and is neither blank nor a comment, is no observable. */
  readonly lastIsInvalid: boolean;
}

const COUNTED = { comment: 'comments', blank: 'blanks', 'left out': 'leftOut' } as const;
const SHOWN = 3;
/** Some ten milliseconds. */
const SLICE = 5000;

export async function surveySource(text: string, format: SourceFormat, pause: () => Promise<void>): Promise<Survey> {
  const counts = { taken: 0, comments: 0, blanks: 0, leftOut: 0, invalid: 0 };
  const values = new Set<string>();
  const invalid: { line: number; message: string }[] = [];
  let lastIsInvalid = false;
  let done = 0;
  const refuse = (line: number, message: string) => {
    counts.invalid++;
    lastIsInvalid = true;
    if (invalid.length < SHOWN) invalid.push({ line, message });
  };
  for (const item of sourceItems(text, format)) {
    if (++done % SLICE === 0) await pause();
    if (item.is === 'value') {
      const result = normalise(item.value, { refang: format.refang === true });
      if ('refused' in result) {
        refuse(item.line, result.refused.message);
        continue;
      }
      lastIsInvalid = false;
      if (isWanted(result.observable, format)) {
        counts.taken++;
        values.add(result.observable.value);
      } else {
        counts.leftOut++;
      }
    } else if (item.is === 'invalid') refuse(item.line, item.message);
    else counts[COUNTED[item.is]]++;
  }
  return { counts, values, invalid, lastIsInvalid };
}

export function isWanted({ type }: Observable, format: SourceFormat): boolean {
  return format.type === undefined || format.type === type;
}

export function countShared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const value of few) if (many.has(value)) shared++;
  return shared;
}
