import { randomUUID } from 'node:crypto';
import type { Stored } from './kinds.ts';

/**
 * A feed's own fields. The secret is made once and never changes; whatever a client sends as secret or view URL is
 * dropped. Changing `output` changes the view URL. CTIA keeps both encrypted and returns them in clear, so whoever may read
 * the feed learns the secret; here the store's file is private to its user instead.
 */
export function realizeFeed(stored: Stored, previous: Stored | undefined): Stored {
  const secret = previous === undefined ? randomUUID() : String(previous.secret);
  const view = stored.output === 'observables' ? 'view.txt' : 'view';
  return { ...stored, secret, feed_view_url: `${stored.id}/${view}?s=${secret}` };
}
