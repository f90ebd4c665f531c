import { type Created, type Session, shortId, typeOf } from './session.ts';

/** The entity types that a case of ours creates, and the keys under which bulk knows them. Feeds are not in bulk (§1.9). */
const BULK_KEYS: Record<string, string> = {
  judgement: 'judgements',
  indicator: 'indicators',
  relationship: 'relationships',
  sighting: 'sightings',
  incident: 'incidents',
  casebook: 'casebooks',
};
const AT_ONCE = 500;

/** What no answer told us of (a connection that broke after the write, a run that was killed) is looked for by the run's id. */
export async function rememberForgotten(session: Session, created: Created): Promise<void> {
  for (const type of [...Object.keys(BULK_KEYS), 'feed']) {
    const name = `${type === 'feed' ? 'title' : 'source'}:${session.run}*`;
    const found = await session.call('GET', `/ctia/${type}/search?query=${encodeURIComponent(name)}&limit=1000`);
    if (found.status !== 200) continue;
    for (const { id, source, title } of found.json) {
      // Whatever a server finds for a query: nothing is removed that does not bear the name of the run.
      if (String(source ?? title).includes(session.run)) created.ids.add(id);
    }
  }
}

/** Removes what a client created, by id and by that client. Returns what is still there, in words. */
export async function removeCreated(session: Session, created: Created): Promise<string[]> {
  const left: string[] = [];
  for (const type of new Set([...created.ids].map(typeOf))) {
    const ids = [...created.ids].filter((id) => typeOf(id) === type);
    const key = BULK_KEYS[type];
    for (let at = 0; at < ids.length; at += key === undefined ? 1 : AT_ONCE) {
      const some = ids.slice(at, at + (key === undefined ? 1 : AT_ONCE));
      left.push(...(key === undefined ? await removeOne(session, type, some) : await removeMany(session, key, some)));
    }
  }
  created.ids.clear();
  return left;
}

async function removeOne(session: Session, type: string, ids: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (const id of ids) {
    const { status, text } = await session.call('DELETE', `/ctia/${type}/${shortId(id)}?wait_for=true`);
    // 404: a case removed it itself.
    if (status !== 204 && status !== 404) left.push(`${id}: ${status} ${text.slice(0, 200)}`);
  }
  return left;
}

async function removeMany(session: Session, key: string, ids: readonly string[]): Promise<string[]> {
  const { status, json, text } = await session.call('DELETE', '/ctia/bulk?wait_for=true', { [key]: ids });
  if (status !== 200) return ids.map((id) => `${id}: ${status} ${text.slice(0, 200)}`);
  const { 'not-found': _, ...errors } = json[key]?.errors ?? {};
  return Object.entries(errors).flatMap(([error, refused]) => (refused as string[]).map((id) => `${id}: ${error}`));
}
