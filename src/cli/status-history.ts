import type { Drift } from '../plan/drift.ts';
import type { Report } from '../reconcile/report.ts';

/** What the reports that Redis keeps tell of how things stand now; all take the newest first. */

/** Since when no sync was applied: the first of those that were held or had problems, one after the other, up to now. */
export function heldSince(reports: readonly Report[]): string | null {
  const syncs = reports.filter(({ kind }) => kind === 'sync');
  const free = syncs.findIndex(({ held }) => held.length === 0);
  return (free < 0 ? syncs : syncs.slice(0, free)).at(-1)?.endedAt ?? null;
}

/** By channel, the last time at which the views of all of its feeds were read and held what the lists say. */
export function verifiedAt(reports: readonly Report[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { feeds } of reports) {
    for (const channel of new Set(feeds.map((feed) => feed.channel))) {
      const its = feeds.filter((feed) => feed.channel === channel);
      if (channel in found || !its.every(({ verified }) => verified)) continue;
      found[channel] = its.map(({ at }) => at).sort()[0] ?? '';
    }
  }
  return found;
}

export interface DriftFound {
  /** When CTIA was last read in full for it. */
  readonly at: string;
  readonly found: readonly Drift[];
  /** When a sync after that was verified: what is ours of it is repaired. */
  readonly repaired_at: string | null;
}

export function lastDrift(reports: readonly Report[]): DriftFound | null {
  const n = reports.findIndex(({ kind }) => kind === 'audit');
  const audit = reports[n];
  if (audit === undefined) return null;
  const since = reports.slice(0, n).findLast(({ kind, result }) => kind === 'sync' && result === 'verified');
  return { at: audit.endedAt, found: audit.drift ?? [], repaired_at: since?.endedAt ?? null };
}
