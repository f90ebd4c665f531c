import { withoutQuery } from '../ctia/http.ts';
import { headroomOf } from '../plan/headroom.ts';
import { percent } from '../plan/limits.ts';
import { consumersOf } from '../reconcile/prepare.ts';
import { EXIT, type Exit } from './exit.ts';
import { openTenant, type Session } from './session.ts';
import { lastSync } from './status.ts';
import { renderTable } from './table.ts';
import { viewTenant } from './tenant-view.ts';

/** `feeds`: what there is to pull. The secret of a feed is its whole access control, so it is shown only when asked for. */
export async function feeds(session: Session, options: { showSecrets: boolean; json: boolean }): Promise<Exit> {
  const tenant = await openTenant(session);
  const { client, found, desired } = await viewTenant(session, tenant);
  const pulledBy = consumersOf(desired.channels);
  const verdicts = new Map(
    ((await lastSync(session, tenant))?.feeds ?? []).map((it) => [`${it.channel}/${it.type}`, it]),
  );
  const rows = [];
  for (const { channel, type, title, feed } of found.feeds) {
    const verdict = verdicts.get(`${channel}/${type}`);
    const view = feed ? await client.view(feed.feed_view_url) : [];
    const bytes = view.reduce((sum, value) => sum + Buffer.byteLength(value) + 1, 0);
    const rowsOfConsumers = headroomOf([{ feed: { channel, type }, entries: view.length, bytes }], pulledBy);
    rows.push({
      channel,
      type,
      title,
      entries: view.length,
      consumers: rowsOfConsumers.map(({ consumer, share }) => ({ consumer, share })),
      url: feed ? (options.showSecrets ? feed.feed_view_url : `${withoutQuery(feed.feed_view_url)}?s=…`) : null,
      verified_at: verdict?.verified ? verdict.at : null,
    });
  }
  if (options.json) session.print(JSON.stringify({ feeds: rows }, null, 2));
  else {
    const cells = rows.map((row) => [
      row.channel,
      row.type,
      row.title,
      String(row.entries),
      row.consumers.map(({ consumer, share }) => `${consumer} ${percent(share)}`).join(', '),
      row.url ?? 'none yet',
      row.verified_at ?? 'not yet',
    ]);
    session.print(renderTable(['channel', 'type', 'title', 'entries', 'used of', 'URL', 'verified at'], cells));
  }
  return EXIT.done;
}
