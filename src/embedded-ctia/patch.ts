import { isDeepStrictEqual } from 'node:util';
import type { Submitted } from './kinds.ts';

/** How a list in a patch meets the list that is stored. */
export type PatchOperation = 'add' | 'remove' | 'replace';

/**
 * The whole document that a part of one makes of what is stored. Objects merge key by key; a list is replaced, appended or
 * taken away by its equal elements; any other value replaces, and is left alone by `remove`. So a field cannot be removed.
 * (CTIA's own `remove` writes a list where none was; that is a slip nobody can want, and is not copied.)
 */
export function patched(before: Submitted, part: Submitted, operation: PatchOperation = 'replace'): Submitted {
  return merged(before, part, operation) as Submitted;
}

function merged(before: unknown, part: unknown, operation: PatchOperation): unknown {
  if (isObject(part)) {
    const base = isObject(before) ? before : {};
    const changes = Object.entries(part).filter(([key]) => operation !== 'remove' || base[key] !== undefined);
    return {
      ...base,
      ...Object.fromEntries(changes.map(([key, value]) => [key, merged(base[key], value, operation)])),
    };
  }
  if (operation === 'replace') return part;
  if (!Array.isArray(part)) return operation === 'add' ? part : before;
  const list: readonly unknown[] = Array.isArray(before) ? before : [];
  if (operation === 'add') return [...list, ...part];
  return list.filter((element) => !part.some((removed) => isDeepStrictEqual(element, removed)));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
