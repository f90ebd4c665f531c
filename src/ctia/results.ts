import type { Plural } from '../ctim/bundle.ts';
import { isRecord } from './answer.ts';

/**
 * What a write answered, entity by entity. Success codes hide failures (201 and 200 with errors inside), result order
 * is arbitrary, and an array may come back short: what is in no result is *unknown*, never success.
 */
export type ImportResult =
  | { readonly result: 'created' | 'exists'; readonly id: string }
  /** `store`: the trouble is not the entity's. CTIA's own failures come as an object with a type, refusals as a text. */
  | { readonly result: 'error'; readonly by: 'rules' | 'store'; readonly message: string };

/** By the transient id that the entity was sent with. */
export type ImportResults = ReadonlyMap<string, ImportResult>;

export interface BulkResult {
  /** Ids that were written (PUT) or removed (DELETE). */
  readonly done: ReadonlySet<string>;
  readonly notFound: ReadonlySet<string>;
  readonly forbidden: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
}

export function importResults(body: unknown): ImportResults {
  const results = new Map<string, ImportResult>();
  const items = isRecord(body) && Array.isArray(body.results) ? body.results : [];
  for (const item of items) {
    if (!isRecord(item) || typeof item.original_id !== 'string') continue;
    const { result, id } = item;
    if ((result === 'created' || result === 'exists') && typeof id === 'string') {
      results.set(item.original_id, { result, id });
    } else if (result === 'error') {
      const by = isRecord(item.error) ? 'store' : 'rules';
      results.set(item.original_id, { result, by, message: errorText(item) });
    }
  }
  return results;
}

export function bulkResult(body: unknown, kind: Plural, done: 'updated' | 'deleted'): BulkResult {
  const part = isRecord(body) && isRecord(body[kind]) ? body[kind] : {};
  const errors = isRecord(part.errors) ? part.errors : {};
  return {
    done: ids(part[done]),
    notFound: ids(errors['not-found']),
    forbidden: ids(errors.forbidden),
    failed: ids(errors['internal-error']),
  };
}

const ERROR_TEXT_MAX = 300;

function errorText({ error, msg }: Record<string, unknown>): string {
  const parts = [error, msg].filter((part) => part !== undefined);
  const text = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(': ');
  return text.slice(0, ERROR_TEXT_MAX) || 'no reason given';
}

function ids(value: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(value) ? value.filter((id) => typeof id === 'string') : []);
}
