import type { Tlp } from '../ctim/judgement.ts';
import type { SqlValue } from './store.ts';

/**
 * Who may see and change a record.
 *
 *   tlp            owner   same group   others
 *   white, green   RW      RW           R
 *   amber          RW      RW           –
 *   red            RW      –            –
 *
 * Owner means the same login *and* a common group. `authorized_users` and `authorized_groups` read and write whatever the tlp.
 * `client` is the OAuth client's id and plays no part in it.
 */
export interface Identity {
  readonly login: string;
  readonly groups: readonly string[];
  readonly client?: string;
}

export interface Guarded {
  readonly owner: string;
  readonly groups: readonly string[];
  readonly tlp: Tlp;
  readonly authorized_users?: readonly string[];
  readonly authorized_groups?: readonly string[];
}

export function mayRead(identity: Identity, record: Guarded): boolean {
  return record.tlp === 'white' || record.tlp === 'green' || mayWrite(identity, record);
}

export function mayWrite(identity: Identity, record: Guarded): boolean {
  if (record.authorized_users?.includes(identity.login)) return true;
  if (identity.groups.some((group) => record.authorized_groups?.includes(group))) return true;
  if (!identity.groups.some((group) => record.groups.includes(group))) return false;
  return record.tlp !== 'red' || record.owner === identity.login;
}

/**
 * The same rule for SQL: each row says in one text who reads it by its tlp, and whether the table `reader` names more.
 *   *                everybody
 *   g:<group>        that group
 *   u:<login>@<group>
 */
export function audienceOf(record: Guarded): string {
  if (record.tlp === 'white' || record.tlp === 'green') return '*';
  // A creator's token names exactly one group.
  const group = record.groups[0] ?? '';
  return record.tlp === 'amber' ? `g:${group}` : `u:${record.owner}@${group}`;
}

export function namedReaders(record: Guarded): string[] {
  return [
    ...(record.authorized_users ?? []).map((user) => `u:${user}`),
    ...(record.authorized_groups ?? []).map((group) => `g:${group}`),
  ];
}

/** `alias` is a table with the columns id, audience and named (1 where `reader` has rows for it). */
export function readableSql(identity: Identity, alias: string): { sql: string; params: SqlValue[] } {
  const audiences = ['*', ...identity.groups.flatMap((group) => [`g:${group}`, `u:${identity.login}@${group}`])];
  const names = [`u:${identity.login}`, ...identity.groups.map((group) => `g:${group}`)];
  const marks = (values: readonly string[]) => values.map(() => '?').join(', ');
  return {
    sql: `(${alias}.audience IN (${marks(audiences)}) OR (${alias}.named = 1 AND EXISTS
      (SELECT 1 FROM reader WHERE reader.id = ${alias}.id AND reader.who IN (${marks(names)}))))`,
    params: [...audiences, ...names],
  };
}
