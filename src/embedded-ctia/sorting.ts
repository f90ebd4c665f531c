import type { Kind, Stored } from './kinds.ts';
import { valuesAt } from './query-match.ts';
import { queryRefusal } from './refusal.ts';

export interface SortField {
  readonly name: string;
  readonly descending: boolean;
}

/** `null` where the document has no such field. */
export type SortValue = string | number | null;

/** The columns of the row of every entity. What sorts by them alone reads no document. */
export interface EntityRow {
  readonly seq: number;
  readonly id: string;
  readonly created: number;
  readonly timestamp: number;
}

export interface Order {
  readonly fields: readonly (SortField & Sortable)[];
  readonly needsDocument: boolean;
}

interface Sortable {
  readonly form: 'text' | 'number' | 'date';
  readonly value: (row: EntityRow, document: Stored | undefined) => SortValue;
}

export function orderOf(sort: readonly SortField[], kind: Kind): Order {
  const fields = sort.map((field) => ({ ...field, ...sortable(field, kind) }));
  return { fields, needsDocument: fields.some(({ name }) => !ENTITY_COLUMNS.has(name)) };
}

export function sortValues({ fields }: Order, row: EntityRow, document: Stored | undefined): SortValue[] {
  return fields.map(({ value }) => value(row, document));
}

/** Missing values come last in Elasticsearch, whatever the direction. */
export function compareSorted({ fields }: Order, a: readonly SortValue[], b: readonly SortValue[]): number {
  for (const [i, { descending }] of fields.entries()) {
    const x = a[i] ?? null;
    const y = b[i] ?? null;
    if (x === y) continue;
    if (x === null) return 1;
    if (y === null) return -1;
    return x < y === descending ? 1 : -1;
  }
  return 0;
}

/** What the cursor of a missing value looks like in CTIA is not certain; here it is `nil` in `X-Sort` and an empty `search_after`. */
export function cursorOf({ fields }: Order, after: readonly string[] | undefined): SortValue[] | undefined {
  if (after === undefined) return undefined;
  if (after.length !== fields.length) {
    throw queryRefusal(`search_after has ${after.length} value(s) but sort has ${fields.length}.`);
  }
  return fields.map(({ form, name }, i) => {
    const given = after[i] ?? '';
    if (given === '') return null;
    if (form === 'text') return given;
    const number = Number(given);
    if (Number.isNaN(number)) throw queryRefusal(`Failed to parse search_after value for Field [${name}].`);
    return number;
  });
}

const ENTITY_COLUMNS: ReadonlySet<string> = new Set(['id', 'created', 'timestamp']);
const DATE_FIELDS =
  /^(?:modified|(?:valid_time|lifetime|observed_time|(?:activity|detection|modification)_interval)\.(?:start|end)_time|incident_time\.\w+)$/;
const NUMBER_FIELDS = /^(?:revision|disposition|priority|count|scores\.\w+)$/;
const OTHER_SORTABLE: ReadonlySet<string> = new Set([
  ...['owner', 'groups', 'disposition_name', 'feed_type', 'external_ids'],
]);
/**
 * Of an incident these go by weight and not by letter; whatever else it says counts as 0. Of several tactics the heaviest
 * speaks. The order of tactics is CTIA's own: how much a tactic of MITRE's says of the danger.
 */
const INCIDENT_WEIGHTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  severity: [['low'], ['medium'], ['high'], ['critical']],
  tactics: [
    ...[['ta0042'], ['ta0043'], ['ta0001'], ['ta0040'], ['ta0008'], ['ta0010'], ['ta0004'], ['ta0009', 'ta0011']],
    ...[['ta0003', 'ta0007'], ['ta0006'], ['ta0002', 'ta0005']],
  ],
};

function sortable({ name, descending }: SortField, kind: Kind): Sortable {
  if (name === 'id') return { form: 'text', value: ({ id }) => id };
  if (name === 'created') return { form: 'number', value: ({ created }) => created };
  if (name === 'timestamp') return { form: 'number', value: ({ timestamp }) => timestamp };
  const weights = kind.name === 'incident' ? INCIDENT_WEIGHTS[name] : undefined;
  if (weights !== undefined) {
    const weight = (value: unknown) => 1 + weights.findIndex((same) => same.includes(String(value).toLowerCase()));
    return { form: 'number', value: (_, document) => Math.max(0, ...valuesAt(document ?? {}, name).map(weight)) };
  }
  const form = DATE_FIELDS.test(name) ? 'date' : NUMBER_FIELDS.test(name) ? 'number' : 'text';
  const known =
    OTHER_SORTABLE.has(name) ||
    [kind.fields, kind.filters, kind.sortNames].some((names) => names.includes(name)) ||
    form === 'date' ||
    (kind.name === 'incident' && name.startsWith('scores.'));
  if (!known) throw queryRefusal(`No mapping found for [${name}] in order to sort on`);
  return {
    form,
    value(_, document) {
      const found = document === undefined ? [] : valuesAt(document, name).map((value) => readAs(form, value));
      // Of a list the one that comes first in that direction.
      return found.reduce<SortValue>((first, one) => {
        if (first === null || one === null) return first ?? one;
        return one < first === descending ? first : one;
      }, null);
    },
  };
}

function readAs(form: Sortable['form'], value: unknown): SortValue {
  if (form === 'date') return Date.parse(String(value));
  return form === 'number' ? Number(value) : String(value).toLowerCase();
}
