import { type Answer, jsonOf } from './answer.ts';
import { CtiaError } from './error.ts';
import { withoutQuery } from './http.ts';
import {
  type StoredEntity,
  type StoredFeed,
  type StoredIncident,
  type StoredIndicator,
  type StoredJudgement,
  type StoredRelationship,
  type StoredSighting,
  storedEntity,
  storedFeed,
  storedIncident,
  storedIndicator,
  storedJudgement,
  storedRelationship,
  storedSighting,
} from './stored.ts';

/** An entity kind that has an external_id route, a search route and a parser of ours. `entity` is of any kind, whole. */
const KINDS = {
  judgement: storedJudgement,
  relationship: storedRelationship,
  indicator: storedIndicator,
  feed: storedFeed,
  sighting: storedSighting,
  incident: storedIncident,
  entity: storedEntity,
} as const;

export interface Stored {
  judgement: StoredJudgement;
  relationship: StoredRelationship;
  indicator: StoredIndicator;
  feed: StoredFeed;
  sighting: StoredSighting;
  incident: StoredIncident;
  entity: StoredEntity;
}

/** Records a page. Documents are about 1 KB, so a page is some 5 MB. */
export const PAGE_SIZE = 5000;
/** An owner with more pages than this is no owner of ours; the walk must end also when a server's cursor is broken. */
const PAGES_MAX = 2000;

/** Every record of a route, page by page to the last; throws `incomplete` unless they are as many as `X-Total-Hits` says. */
export async function* pagesOf<K extends keyof Stored>(
  read: (path: string) => Promise<Answer>,
  kind: K,
  route: string,
): AsyncGenerator<Stored[K][]> {
  const parse = KINDS[kind] as (value: unknown) => Stored[K];
  const first = `${route}${route.includes('?') ? '&' : '?'}sort_by=id`;
  const seen = new Set<string>();
  let cursor = `limit=${PAGE_SIZE}`;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await read(`${first}&${cursor}`);
    const body = jsonOf(`GET ${withoutQuery(route)}`, answer);
    if (!Array.isArray(body))
      throw new CtiaError('unexpected', `GET ${withoutQuery(route)} did not answer with a list`);
    const records = body.map(parse).filter((record) => !seen.has(record.id));
    for (const record of records) seen.add(record.id);
    yield records;
    const next = answer.headers['x-next'];
    if (next !== undefined) {
      cursor = next;
      continue;
    }
    const total = Number(answer.headers['x-total-hits']);
    if (total === seen.size) return;
    throw new CtiaError(
      'incomplete',
      `GET ${withoutQuery(route)} gave ${seen.size} records and announced ${total}; nothing is decided on it`,
    );
  }
  throw new CtiaError('incomplete', `GET ${withoutQuery(route)} did not end within ${PAGES_MAX} pages`);
}
