import { randomUUID } from 'node:crypto';

/**
 * Three forms of an id. The store keeps the short one; every document carries the long one, which is also its URL.
 *   short      judgement-<uuid>
 *   long       <public URL>/ctia/judgement/judgement-<uuid>
 *   transient  transient:<anything>, good for one request
 */
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SHORT_ID = new RegExp(`^[a-z][-a-z]+-${UUID}$`);
const LONG_ID = new RegExp(`^https?://[^/?#\\s]+(?:/[^?#\\s]+)?/ctia/([a-z][-a-z]+)/(\\1-${UUID})$`);

export function newShortId(type: string): string {
  return `${type}-${randomUUID()}`;
}

export function longId(url: string, shortId: string): string {
  // Types contain hyphens themselves; a UUID is always 36 characters.
  const type = shortId.slice(0, -37);
  return `${url}/ctia/${type}/${shortId}`;
}

/** The short id that a short or long one names, or undefined. The host of a long id is not compared, as in CTIA. */
export function shortIdOf(id: string): string | undefined {
  if (SHORT_ID.test(id)) return id;
  return LONG_ID.exec(id)?.[2];
}

/** Of a long id, without the port. */
export function hostnameOf(id: string): string | undefined {
  return LONG_ID.test(id) ? /^https?:\/\/(\[[^\]]*\]|[^:/]*)/.exec(id)?.[1] : undefined;
}

export function isTransient(id: string): boolean {
  return id.startsWith('transient:');
}

/** What a reference inside a body may be: a short id or any other URL is refused, a foreign host is not. */
export function isReference(text: string): boolean {
  return isTransient(text) || LONG_ID.test(text);
}
