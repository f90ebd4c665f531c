import type { UpstreamList } from './upstream-lists.ts';
import { type Pull, type PullParts, pullUpstream } from './upstream-pull.ts';

const AT_ONCE = 4;

/** Pulls several, a few at once: of ten that do not answer nobody waits for one after the other. */
export async function pullUpstreams(
  lists: readonly UpstreamList[],
  parts: PullParts,
  how: { byHand: boolean },
): Promise<Pull[]> {
  const pulls: Pull[] = [];
  const waiting = lists.entries();
  const pullNext = async () => {
    for (const [n, list] of waiting) pulls[n] = await pullUpstream(list, parts, how);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, pullNext));
  return pulls;
}

/** For the log. */
export function pullLine({ list, did, entries, churn, kind, message }: Pull): string {
  if (did === 'kept') return `upstream ${list}: ${kind}: ${message}; what was known of it stays`;
  const moved = churn ? `, ${churn.added} new, ${churn.removed} gone` : '';
  return `upstream ${list}: ${did}${entries === undefined ? '' : `, ${entries} entries`}${moved}`;
}
