import { type AddressRange, makeRangeTable, parseRange, type RangeTable } from '../address.ts';
import { parentsOf } from '../domain.ts';

/** A table that comes with the product: what it holds, and which public page its rows were typed from, and when. */
export interface Facts {
  readonly title: string;
  readonly source: string;
  /** Month of the last look at the source. */
  readonly date: string;
}

/** A range or an address, and what it is. */
export type RangeRow = readonly [range: string, meaning: string];

export interface RangeFacts extends Facts {
  readonly rows: readonly RangeRow[];
}

/** Names, each with what it is; or names alone, where the title says it. */
export interface NameFacts extends Facts {
  readonly names: readonly string[];
}

/** A table of names as it is typed: blanks between them, a line that begins with `#` says what follows. */
export function namesIn(text: string): string[] {
  return text
    .replace(/^\s*#.*$/gm, '')
    .split(/\s+/)
    .filter((name) => name !== '');
}

export function tableOf(rows: readonly RangeRow[]): RangeTable<string> {
  return makeRangeTable(
    rows.map(([value, meaning]) => {
      const range = parseRange(value);
      if (range === undefined) throw new Error(`${value} is no range`);
      return { range, label: `${value} (${meaning})` };
    }),
  );
}

/** Both ways: a row that covers the range, or one that lies in it. */
export function meets<T>(table: RangeTable<T>, range: AddressRange): T | undefined {
  return table.covering(range) ?? table.inside(range)[0]?.label;
}

/** Names to be asked for from all sides. `label` of a name is what was given for it. */
export interface NameIndex<T> {
  readonly size: number;
  at(name: string): T | undefined;
  /** The name itself, or the nearest one above it. */
  atOrAbove(name: string): T | undefined;
  /** Of a name above listed ones, one of them: whoever blocks it blocks that too. */
  below(name: string): T | undefined;
}

export function makeNameIndex<T>(rows: Iterable<readonly [name: string, label: T]>): NameIndex<T> {
  const names = new Map<string, T>();
  const above = new Map<string, T>();
  for (const [name, label] of rows) {
    names.set(name, label);
    for (const parent of parentsOf(name)) if (!above.has(parent)) above.set(parent, label);
  }
  return {
    size: names.size,
    at: (name) => names.get(name),
    atOrAbove(name) {
      const own = names.get(name);
      if (own !== undefined) return own;
      for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
        const found = names.get(name.slice(dot + 1));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    below: (name) => above.get(name),
  };
}
