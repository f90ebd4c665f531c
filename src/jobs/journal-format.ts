import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Done } from '../plan/done.ts';
import { isOfRenewals, type JournalRecord } from './journal.ts';

/**
 * A record in little room: a thousand changes of one batch share list, feed, words and nearly all of their ends, so each
 * field is a column, and a column whose values are all the same is written once.
 */
interface Packed extends Omit<JournalRecord, 'changes'> {
  readonly v: 1;
  readonly n: number;
  readonly columns: Partial<Record<keyof Done, Column>>;
}

type Column = { readonly all: unknown } | { readonly each: readonly unknown[] };

const FIELDS = [
  'kind',
  'type',
  'value',
  'h',
  'list',
  'feed',
  'place',
  'judgement',
  'endBefore',
  'end',
  'wordsBefore',
  'words',
  'unknown',
  'found',
] as const satisfies readonly (keyof Done)[];

const MINUTE = 60_000;

export function toLine(record: JournalRecord): string {
  const { changes, ...about } = isOfRenewals(record) ? roundedRenewals(record) : record;
  const columns: Packed['columns'] = {};
  for (const field of FIELDS) {
    const column = columnOf(changes.map((change) => change[field]));
    if (column !== undefined) columns[field] = column;
  }
  return JSON.stringify({ v: 1, ...about, n: changes.length, columns } satisfies Packed);
}

/** Undefined where the line is torn, as a crash or a full disk leaves it. */
export function fromLine(line: string): JournalRecord | undefined {
  let packed: Packed;
  try {
    packed = JSON.parse(line) as Packed;
  } catch {
    return undefined;
  }
  const { v: _, n, columns, ...about } = packed;
  const changes = Array.from({ length: n }, (__, row) => {
    const change: Record<string, unknown> = {};
    for (const [field, column] of Object.entries(columns)) {
      const value = 'all' in column ? column.all : column.each[row];
      if (value !== undefined && value !== null) change[field] = value;
    }
    return change as unknown as Done;
  });
  return { ...about, changes };
}

const zip = promisify(gzip);
const unzip = promisify(gunzip);

export async function toBytes(record: JournalRecord): Promise<Buffer> {
  return zip(toLine(record));
}

export async function fromBytes(bytes: Buffer): Promise<JournalRecord | undefined> {
  return fromLine((await unzip(bytes)).toString('utf8'));
}

function columnOf(values: readonly unknown[]): Column | undefined {
  const [first] = values;
  const text = JSON.stringify(first);
  if (values.some((value) => value !== first && JSON.stringify(value) !== text)) return { each: values };
  return first === undefined ? undefined : { all: first };
}

/** Ends of renewals are spread by chance, to the millisecond: whole minutes tell as much and take a third. In order of value they take less still. */
function roundedRenewals(record: JournalRecord): JournalRecord {
  const rounded = (end: number | undefined) => (end === undefined ? end : Math.floor(end / MINUTE) * MINUTE);
  const changes = record.changes
    .map(({ endBefore: _, ...change }) => ({ ...change, end: rounded(change.end) }) as Done)
    .sort((a, b) => ((a.value ?? '') < (b.value ?? '') ? -1 : 1));
  return { ...record, changes };
}
