import type { CtiaClient } from '../ctia/client.ts';
import { readWill } from '../jobs/desired.ts';
import type { Self } from '../reconcile/actual.ts';
import { type FoundFeeds, findFeeds } from '../reconcile/feeds.ts';
import type { Desired } from '../reconcile/prepare.ts';
import type { Session, Tenant } from './session.ts';
import { askingClient } from './tenant-client.ts';

/** What a command that only shows things needs of a tenant: who we are there, what the lists want, what feeds there are. */
export interface TenantView {
  readonly client: CtiaClient;
  readonly self: Self;
  readonly desired: Desired;
  readonly found: FoundFeeds;
}

export async function viewTenant(session: Session, tenant: Tenant): Promise<TenantView> {
  const { owner, ownEmbedded } = tenant;
  const client = askingClient(session, tenant);
  const self = { owner, organisation: (await client.identity()).organisation };
  const now = client.serverNow();
  const { desired } = await readWill({ feedsDir: session.config.feedsDir, ownEmbedded, adhocAllow: [], now });
  return { client, self, desired, found: await findFeeds(client, self, desired.channels, now) };
}
