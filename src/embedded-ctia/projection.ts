import type { Stored } from './kinds.ts';

/** What a projection always adds: what CTIA needs to decide on access. Nothing else, not even `type`. */
const ACCESS_FIELDS = ['id', 'owner', 'groups', 'tlp', 'authorized_users', 'authorized_groups'];

/** The chosen fields; a dotted name returns the nested object with that key. */
export function project(document: Stored, fields: readonly string[]): object {
  const result: Record<string, unknown> = {};
  for (const name of [...fields, ...ACCESS_FIELDS]) {
    const [outer = '', inner] = name.split('.');
    const value = document[outer];
    if (value === undefined) continue;
    if (inner === undefined) {
      result[outer] = value;
      continue;
    }
    const nested = (value as Readonly<Record<string, unknown>>)[inner];
    if (nested !== undefined) result[outer] = { ...(result[outer] as object | undefined), [inner]: nested };
  }
  return result;
}

/** Documents as the JSON of an answer. Whole ones are joined as the texts they are kept as, which spares parsing them. */
export function documentsJson(documents: readonly string[], fields: readonly string[] | undefined): string {
  if (fields === undefined) return `[${documents.join(',')}]`;
  return JSON.stringify(documents.map((document) => project(JSON.parse(document) as Stored, fields)));
}
