import { type CtiaClient, makeCtiaClient } from '../ctia/client.ts';
import { readWill } from '../jobs/desired.ts';
import type { Self } from '../reconcile/actual.ts';
import { type FoundFeeds, findFeeds } from '../reconcile/feeds.ts';
import type { Desired } from '../reconcile/prepare.ts';
import { SECOND } from '../runtime/clock.ts';
import type { Session, Tenant } from './session.ts';

const PATIENCE_MS = 30 * SECOND;

/** What a command that only shows things needs of a tenant: who we are there, what the lists want, what feeds there are. */
export interface TenantView {
  readonly client: CtiaClient;
  readonly self: Self;
  readonly desired: Desired;
  readonly found: FoundFeeds;
}

export async function viewTenant(session: Session, { ctia, owner, ownEmbedded }: Tenant): Promise<TenantView> {
  const { clock, signal, config } = session;
  const client = makeCtiaClient({ connection: ctia, clock, patienceMs: PATIENCE_MS, signal });
  const self = { owner, organisation: (await client.identity()).organisation };
  const now = client.serverNow();
  const { desired } = await readWill({ feedsDir: config.feedsDir, ownEmbedded, adhocAllow: [], now });
  return { client, self, desired, found: await findFeeds(client, self, desired.channels, now) };
}
