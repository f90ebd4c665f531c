import { withoutQuery } from '../ctia/http.ts';
import { EXIT, type Exit } from './exit.ts';
import { openTenant, type Session } from './session.ts';
import { lastSync } from './status.ts';
import { renderTable } from './table.ts';
import { viewTenant } from './tenant-view.ts';

/** `feeds`: what there is to pull. The secret of a feed is its whole access control, so it is shown only when asked for. */
export async function feeds(session: Session, options: { showSecrets: boolean; json: boolean }): Promise<Exit> {
  const tenant = await openTenant(session);
  const { client, found } = await viewTenant(session, tenant);
  const verdicts = new Map(
    ((await lastSync(session, tenant))?.feeds ?? []).map((it) => [`${it.channel}/${it.type}`, it]),
  );
  const rows = [];
  for (const { channel, type, title, feed } of found.feeds) {
    const verdict = verdicts.get(`${channel}/${type}`);
    rows.push({
      channel,
      type,
      title,
      entries: feed ? (await client.view(feed.feed_view_url)).length : 0,
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
      row.url ?? 'none yet',
      row.verified_at ?? 'not yet',
    ]);
    session.print(renderTable(['channel', 'type', 'title', 'entries', 'URL', 'verified at'], cells));
  }
  return EXIT.done;
}
