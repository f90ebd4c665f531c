import { type Identity, readableSql } from './access.ts';
import { text } from './documents.ts';
import type { Stored } from './kinds.ts';
import type { Store } from './store.ts';

interface Asked {
  readonly identity: Identity;
  readonly type: string;
  readonly value: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly now: number;
}

/**
 * The verdict on an observable is that of one judgement which the caller may read and which is active: begun, and not ended
 * (the end itself is outside, other than in a feed). With `from` or `to`, those created in that time count instead, expired or
 * not. Of several the first in this order speaks: highest priority, lowest disposition (Clean beats Malicious), oldest
 * start. Severity and confidence play no part. CTIA leaves further ties open; here the first that was written wins.
 */
export function verdictOf(store: Store, { identity, type, value, from, to, now }: Asked): object | undefined {
  const readable = readableSql(identity, 'j');
  const inTime =
    from === undefined && to === undefined
      ? { sql: 'j.start <= ? AND j.end > ?', params: [now, now] }
      : {
          sql: 'EXISTS (SELECT 1 FROM entity e WHERE e.seq = j.seq AND e.created >= ? AND e.created < ?)',
          params: [
            from === undefined ? 0 : Date.parse(from),
            to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(to),
          ],
        };
  const row = store.rows(
    `SELECT d.document FROM judgement j JOIN document d ON d.seq = j.seq
     WHERE j.observable_key = ? AND j.observable_type = ? AND ${readable.sql} AND ${inTime.sql}
     ORDER BY d.document ->> '$.priority' DESC, d.document ->> '$.disposition', j.start, j.seq LIMIT 1`,
    [value.toLowerCase(), type, ...readable.params, ...inTime.params],
  )[0];
  if (row === undefined) return undefined;
  const { id, disposition, disposition_name, observable, valid_time } = JSON.parse(text(row, 'document')) as Stored;
  return { type: 'verdict', disposition, disposition_name, judgement_id: id, observable, valid_time };
}
